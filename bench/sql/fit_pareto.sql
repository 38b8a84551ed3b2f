SELECT pareto_nbd_fit(x, t_x, t) FROM history;
