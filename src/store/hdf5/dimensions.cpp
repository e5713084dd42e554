#include "store/hdf5/dimensions.hpp"

#include <hdf5.h>
#include <hdf5_hl.h>

#include <string>

namespace pool3::store {
namespace {

Handle open_table(const File& file, const char* name) {
  return own(H5Dopen2(file.id(), name, H5P_DEFAULT), H5Dclose, file.place(), std::string("open ") + name);
}

void label(const File& file, const Handle& table, unsigned dimension, const char* text) {
  check(H5DSset_label(table.id(), dimension, text), file.place(), "name a dimension");
}

}  // namespace

void name_dimensions(const File& file) {
  const Place& place = file.place();
  const Handle paths = open_table(file, "paths");
  label(file, paths, 0, "row");
  check(H5DSset_scale(paths.id(), "path"), place, "make paths a scale");
  for (const char* name : {"features", "labels", "keys", "status"}) {
    const Handle table = open_table(file, name);
    label(file, table, 0, "row");
    check(H5DSattach_scale(table.id(), paths.id(), 0), place, "attach paths as a scale");
    if (std::string(name) == "features") label(file, table, 1, "feature");
  }
  label(file, open_table(file, "classes"), 0, "class");
}

}  // namespace pool3::store
