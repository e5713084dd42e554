pool3_add_mpi_test(store SOURCES store_parallel.cpp ROOMS store RANKS 1 2 4)
