#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "pool3/numbers.hpp"
#include "pool3/store/features.hpp"
#include "store/hdf5/hdf5.hpp"
#include "store/hdf5/structure.hpp"

namespace pool3 {
namespace {

using Kind = Hdf5Type::Kind;

void check_weights(std::span<const float> weights, const Place& place, const std::string& dataset) {
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (!std::isfinite(weights[i]) || weights[i] < 0)
      throw error_at(place, fmt::format("{}: the weight of row {} is not 0 or a positive number", dataset, i));
}

void check_shape(bool fits, const Place& place, const std::string& dataset, std::int64_t rows) {
  if (fits) return;
  throw error_at(place, fmt::format("{} must have one number for each of the {} rows", dataset, rows),
                 "write them in the order of the feature file");
}

template <typename Number>
std::vector<float> floats_of(std::span<const std::byte> bytes) {
  std::vector<Number> numbers(bytes.size() / sizeof(Number));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(Number));
  std::vector<float> floats(numbers.size());
  std::ranges::transform(numbers, floats.begin(), [](Number number) { return static_cast<float>(number); });
  return floats;
}

std::vector<float> halves_to_floats(std::span<const std::byte> bytes) {
  std::vector<float> floats(bytes.size() / 2);
  for (std::size_t i = 0; i < floats.size(); ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, bytes.data() + 2 * i, sizeof half);
    floats[i] = float_of_half(half);
  }
  return floats;
}

/// How the numbers of a type become floats.
struct Conversion {
  Kind kind;
  std::uint32_t bytes;
  std::vector<float> (*convert)(std::span<const std::byte>);
};
constexpr std::array<Conversion, 11> conversions = {{
    {Kind::real, 2, halves_to_floats},
    {Kind::real, 4, floats_of<float>},
    {Kind::real, 8, floats_of<double>},
    {Kind::integer, 1, floats_of<std::int8_t>},
    {Kind::integer, 2, floats_of<std::int16_t>},
    {Kind::integer, 4, floats_of<std::int32_t>},
    {Kind::integer, 8, floats_of<std::int64_t>},
    {Kind::natural, 1, floats_of<std::uint8_t>},
    {Kind::natural, 2, floats_of<std::uint16_t>},
    {Kind::natural, 4, floats_of<std::uint32_t>},
    {Kind::natural, 8, floats_of<std::uint64_t>},
}};

/// Other layouts and types than pool3's own, as chunks and compression, are left to the HDF5 library.
std::vector<float> read_with_hdf5(const Place& place, const std::string& dataset, std::int64_t rows) {
  const store::File file = store::File::open_foreign(place);
  const store::Handle table =
      store::own(H5Dopen2(file.id(), dataset.c_str(), H5P_DEFAULT), H5Dclose, place, "open " + dataset);
  const store::Handle space = store::own(H5Dget_space(table.id()), H5Sclose, place, "shape of " + dataset);
  hsize_t size = 0;
  const bool flat = H5Sget_simple_extent_ndims(space.id()) == 1;
  if (flat) store::check(H5Sget_simple_extent_dims(space.id(), &size, nullptr), place, "shape of " + dataset);
  check_shape(flat && static_cast<std::int64_t>(size) == rows, place, dataset, rows);
  std::vector<float> weights(static_cast<std::size_t>(rows));
  if (rows > 0)
    store::check(H5Dread(table.id(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, weights.data()), place,
                 "read " + dataset);
  return weights;
}

std::vector<float> read_weights_of(const Place& place, const std::string& dataset, std::int64_t rows) {
  const store::Structure file(place);
  const auto found = file.find(dataset);
  const auto* const conversion = std::ranges::find_if(conversions, [&](const Conversion& c) {
    return found && c.kind == found->type.kind && c.bytes == found->type.bytes;
  });
  if (!found || conversion == conversions.end()) return read_with_hdf5(place, dataset, rows);
  check_shape(found->dims == store::Dims{static_cast<std::uint64_t>(rows)}, place, dataset, rows);
  std::vector<std::byte> bytes(found->bytes);
  if (file.bytes()->read(static_cast<std::int64_t>(found->offset), bytes) != bytes.size()) {
    throw error_at(place, dataset + ": the file is cut off");
  }
  return conversion->convert(bytes);
}

}  // namespace

std::vector<float> read_row_weights(const std::string& path, const std::string& dataset, std::int64_t rows) {
  const Place place{"read row weights", path};
  std::vector<float> weights = read_weights_of(place, dataset, rows);
  check_weights(weights, place, dataset);
  return weights;
}

}  // namespace pool3
