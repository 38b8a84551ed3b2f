SELECT bgnbd_fit(x, t_x, t) FROM history;
