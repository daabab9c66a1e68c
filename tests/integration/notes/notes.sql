SELECT 'notes' AS name, count(*) AS rows, coalesce(sum(hashtextextended(body, 0)), 0)::text AS digest FROM notes
