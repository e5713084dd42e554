# What is installed beside the program, and the Debian package: `cpack -G DEB` in the build folder.
set(POOL3_PACKAGE_WEIGHTS "" CACHE FILEPATH "Weights file to install as the default, e.g. weights/inception_v3.safetensors")

file(GLOB job_scripts ${PROJECT_SOURCE_DIR}/slurm/*.sbatch ${PROJECT_SOURCE_DIR}/slurm/*.sh ${PROJECT_SOURCE_DIR}/slurm/*.py)
install(PROGRAMS ${job_scripts} DESTINATION share/pool3/slurm)
install(FILES packaging/pool3-serve.service DESTINATION lib/systemd/system)
install(DIRECTORY configs/ DESTINATION share/pool3/configs)
install(DIRECTORY docs DESTINATION share/doc/pool3)
install(FILES README.md CHANGELOG.md DESTINATION share/doc/pool3)
install(FILES LICENSE DESTINATION share/doc/pool3 RENAME copyright)
if(POOL3_PACKAGE_WEIGHTS)
  install(FILES ${POOL3_PACKAGE_WEIGHTS} DESTINATION share/pool3 RENAME inception_v3.safetensors)
else()
  # Those of scripts/setup, if they are there by then; packages have none unless they are asked for.
  install(CODE "set(weights \"${PROJECT_SOURCE_DIR}/weights/inception_v3.safetensors\")
    if(EXISTS \"\${weights}\" AND NOT \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\" MATCHES \"/_CPack_Packages/\")
      file(INSTALL \"\${weights}\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/share/pool3\")
    endif()")
endif()

set(CPACK_PACKAGE_NAME pool3)
set(CPACK_PACKAGE_VENDOR pool3)
set(CPACK_PACKAGE_CONTACT "the pool3 developers <pool3@localhost>")
set(CPACK_PACKAGE_DESCRIPTION "pool3 turns a catalogue of images into Inception-v3 features and a classifier,
 as one batch job over MPI ranks. With ready batch jobs for Slurm.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR DEB)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)               # libraries, with versions, from the programs themselves
set(CPACK_DEBIAN_PACKAGE_DEPENDS openmpi-bin)        # mpirun, and the parts of Open MPI that are loaded at run time
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS python3)         # slurm/scaling.py
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "slurm-client, environment-modules")
include(CPack)
