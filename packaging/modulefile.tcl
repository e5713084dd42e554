#%Module
# Environment module for pool3 under a prefix of its own: copy it to MODULEPATH/pool3/VERSION and set the prefix.
proc ModulesHelp { } {
    puts stderr "pool3: image catalogues to Inception-v3 features and a linear SVM, over MPI. See pool3 --help."
}
module-whatis "Image catalogues to Inception-v3 features and a linear SVM, over MPI"
conflict pool3

set prefix /opt/pool3

prepend-path PATH    $prefix/bin
setenv POOL3_SCRIPTS $prefix/share/pool3/slurm
