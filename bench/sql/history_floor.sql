SELECT count(x), sum(t_x), sum(t) FROM history;
