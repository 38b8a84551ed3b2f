SELECT sum(expected_purchases((SELECT model FROM fitted), x, t_x, t, 273)) FROM history;
