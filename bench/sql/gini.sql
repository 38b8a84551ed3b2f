SELECT gini(total) FROM summary;
