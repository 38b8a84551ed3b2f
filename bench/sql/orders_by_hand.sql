-- orders, money, and the first and the last day of an order above zero
SELECT count(orders), count(total), count(first), count(last)
FROM (SELECT customer_id, count(*) AS orders, sum(amount) AS total, min(sold_at) AS first, max(sold_at) AS last
      FROM (SELECT customer_id, sum(amount) AS amount, min(sold_at) AS sold_at
            FROM lines GROUP BY customer_id, order_id HAVING sum(amount) > 0) AS orders
      GROUP BY customer_id OFFSET 0) AS customers;
