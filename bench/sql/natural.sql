SELECT natural_cuts(v, 5) FROM distinct_value;
