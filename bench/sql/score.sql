SELECT sum(expected_purchases(model, x, t_x, t, 273)) FROM history, fitted;
