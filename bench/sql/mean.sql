SELECT mean_cut(total) FROM summary;
