SELECT sum(total) FROM summary;
