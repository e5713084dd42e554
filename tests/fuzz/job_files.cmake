# Targets of what jobs keep beside their outputs, and of the index beside a shard.
foreach(target failure_log:store undo:store lock:store journal:selection shard_index:corpus)
  string(REPLACE ":" ";" target ${target})
  list(POP_BACK target room)
  pool3_add_fuzz_target(${target} ${target}.cpp ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${target}
    LIBRARIES pool3::${room} pool3_dep::hdf5 pool3_dep::fmt)
  set_tests_properties(fuzz.${target} PROPERTIES
    ENVIRONMENT "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
endforeach()
