#include <fmt/format.h>

#include <cmath>

#include "pool3/features.hpp"
#include "store/hdf5/hdf5.hpp"

namespace pool3 {
namespace {

void check_weights(std::span<const float> weights, const Place& place, const std::string& dataset) {
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (!std::isfinite(weights[i]) || weights[i] < 0)
      throw error_at(place, fmt::format("{}: the weight of row {} is not 0 or a positive number", dataset, i));
}

}  // namespace

std::vector<float> read_row_weights(const std::string& path, const std::string& dataset, std::int64_t rows) {
  const Place place{"read weights", path};
  const store::File file = store::File::open(place, store::Mode::read);
  const store::Handle table =
      store::own(H5Dopen2(file.id(), dataset.c_str(), H5P_DEFAULT), H5Dclose, place, "open " + dataset);
  const store::Handle space = store::own(H5Dget_space(table.id()), H5Sclose, place, "shape of " + dataset);
  hsize_t size = 0;
  const bool flat = H5Sget_simple_extent_ndims(space.id()) == 1;
  if (flat) store::check(H5Sget_simple_extent_dims(space.id(), &size, nullptr), place, "shape of " + dataset);
  if (!flat || static_cast<std::int64_t>(size) != rows)
    throw error_at(place, fmt::format("{} must have one number for each of the {} rows", dataset, rows),
                   "write them in the order of the feature file");
  std::vector<float> weights(static_cast<std::size_t>(rows));
  if (rows > 0)
    store::check(H5Dread(table.id(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, weights.data()), place,
                 "read " + dataset);
  check_weights(weights, place, dataset);
  return weights;
}

}  // namespace pool3
