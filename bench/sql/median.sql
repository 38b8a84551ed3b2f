SELECT median_cut(total) FROM summary;
