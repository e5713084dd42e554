-- Lmod module for pool3 under a prefix of its own: copy it to MODULEPATH/pool3/VERSION.lua and set the prefix.
help("pool3: image catalogues to Inception-v3 features and a linear SVM, over MPI. See pool3 --help.")
whatis("Name: pool3")
whatis("Description: Image catalogues to Inception-v3 features and a linear SVM, over MPI")
conflict("pool3")

local prefix = "/opt/pool3"

prepend_path("PATH", pathJoin(prefix, "bin"))
setenv("POOL3_SCRIPTS", pathJoin(prefix, "share/pool3/slurm"))
