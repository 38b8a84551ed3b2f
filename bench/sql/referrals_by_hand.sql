WITH RECURSIVE tree AS (
  SELECT customer, customer AS root, 0 AS depth FROM referral WHERE referrer IS NULL
  UNION ALL
  SELECT r.customer, t.root, t.depth + 1 FROM tree AS t JOIN referral AS r ON r.referrer = t.customer)
SELECT count(root) FROM tree
