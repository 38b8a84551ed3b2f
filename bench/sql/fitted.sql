VACUUM ANALYZE history;
CREATE TABLE fitted AS
SELECT bgnbd_fit(x, t_x, t) AS model, gamma_gamma_model(6.25, 3.74, 15.44) AS spend FROM history;
