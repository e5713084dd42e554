#include "pool3/store/hdf5_datasets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

#include "pool3/files.hpp"
#include "store/hdf5/hdf5.hpp"
#include "store/hdf5/readable.hpp"

namespace pool3 {
namespace {

using store::Handle;

constexpr std::size_t most_texts = std::size_t{1} << 26;  // bytes of one text of fixed length, at most

/// None of a single value.
std::vector<hsize_t> dims_of(const Handle& dataset, const Place& place, const std::string& name) {
  const Handle space = store::own(H5Dget_space(dataset.id()), H5Sclose, place, "shape of " + name);
  std::vector<hsize_t> dims(static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space.id()))));
  store::check(H5Sget_simple_extent_dims(space.id(), dims.data(), nullptr), place, "shape of " + name);
  return dims;
}

struct Shape {
  std::vector<hsize_t> dims;
  hsize_t elements = 1;
};

/// An open dataset with its file.
struct Open {
  Place place;
  std::string name;
  store::File file;
  Handle dataset, type;
  Shape shape;

  Open(const std::string& path, const std::string& dataset_name) : place{"import", path}, name(dataset_name) {
    file = store::File::open_foreign(place);
    dataset = store::own(H5Dopen2(file.id(), name.c_str(), H5P_DEFAULT), H5Dclose, place, "open " + name);
    type = store::own(H5Dget_type(dataset.id()), H5Tclose, place, "type of " + name);
    shape.dims = dims_of(dataset, place, name);
    if (shape.dims.empty()) throw error_at(place, name + " has no rows");
    for (const hsize_t dim : shape.dims) {
      constexpr auto most = static_cast<hsize_t>(std::numeric_limits<std::int64_t>::max() / 16);
      if (dim != 0 && shape.elements > most / dim) throw error_at(place, name + " has an impossible size");
      shape.elements *= dim;
    }
    store::check_readable(dataset.id(), name, place);
  }
  [[nodiscard]] H5T_class_t kind() const { return H5Tget_class(type.id()); }
  [[nodiscard]] bool is_number() const { return kind() == H5T_INTEGER || kind() == H5T_FLOAT || kind() == H5T_ENUM; }
};

/// Reads `count` values from `first` on, of a dataset with one dimension.
template <typename T>
void read_some(const Open& open, hid_t memory_type, hsize_t first, std::span<T> out, std::size_t stride = 1) {
  const std::array<hsize_t, 1> count = {out.size() / stride};
  const Handle file_space = store::own(H5Dget_space(open.dataset.id()), H5Sclose, open.place, "shape");
  store::check(H5Sselect_hyperslab(file_space.id(), H5S_SELECT_SET, &first, nullptr, count.data(), nullptr), open.place,
               "select rows of " + open.name);
  const Handle memory = store::own(H5Screate_simple(1, count.data(), nullptr), H5Sclose, open.place, "make a space");
  store::check(H5Dread(open.dataset.id(), memory_type, memory.id(), file_space.id(), H5P_DEFAULT, out.data()),
               open.place, "read " + open.name);
}

constexpr std::size_t rows_at_once = 4096;

/// Calls `read(first, count)` for all rows, some at a time.
template <typename Use>
void for_pieces(const Open& open, const Use& use) {
  for (hsize_t first = 0; first < open.shape.dims[0]; first += rows_at_once)
    use(first, static_cast<std::size_t>(std::min<hsize_t>(rows_at_once, open.shape.dims[0] - first)));
}

std::vector<std::string> fixed_texts(const Open& open) {
  const std::size_t width = H5Tget_size(open.type.id());
  if (width == 0 || width > most_texts / rows_at_once)
    throw error_at(open.place, open.name + " has texts of an impossible length");
  std::vector<std::string> texts;
  for_pieces(open, [&](hsize_t first, std::size_t count) {
    std::vector<char> cells(count * width);
    read_some(open, open.type.id(), first, std::span(cells), width);
    for (std::size_t i = 0; i < count; ++i) {
      std::string text(&cells[i * width], width);
      if (const std::size_t end = text.find('\0'); end != std::string::npos) text.resize(end);
      if (H5Tget_strpad(open.type.id()) == H5T_STR_SPACEPAD) text.erase(text.find_last_not_of(' ') + 1);
      texts.push_back(std::move(text));
    }
  });
  return texts;
}

std::vector<std::string> variable_texts(const Open& open) {
  std::vector<std::string> texts;
  for_pieces(open, [&](hsize_t first, std::size_t count) {
    std::vector<char*> pointers(count, nullptr);
    read_some(open, open.type.id(), first, std::span(pointers));
    for (char* const text : pointers) {
      texts.emplace_back(text == nullptr ? "" : text);
      H5free_memory(text);
    }
  });
  return texts;
}

template <typename T>
std::vector<std::string> numbers(const Open& open, hid_t memory_type) {
  std::vector<std::string> texts;
  for_pieces(open, [&](hsize_t first, std::size_t count) {
    std::vector<T> values(count);
    read_some(open, memory_type, first, std::span(values));
    for (const T v : values) texts.push_back(std::is_floating_point_v<T> && std::isnan(v) ? "" : fmt::format("{}", v));
  });
  return texts;
}

constexpr std::size_t most_datasets = 10'000;

herr_t note_name(hid_t group, const char* name, const H5L_info_t* /*info*/, void* data) {
  auto& names = *static_cast<std::vector<std::string>*>(data);
  H5O_info_t info;
  if (H5Oget_info_by_name(group, name, &info, H5P_DEFAULT) >= 0 && info.type == H5O_TYPE_DATASET)
    names.emplace_back(name);
  return names.size() < most_datasets ? 0 : 1;
}

}  // namespace

struct Hdf5Numbers::Impl : Open {
  using Open::Open;
};

Hdf5Numbers::Hdf5Numbers(const std::string& path, const std::string& dataset)
    : impl_(std::make_unique<Impl>(path, dataset)) {
  if (impl_->kind() == H5T_COMPOUND)
    throw error_at(impl_->place, dataset + " has several fields",
                   "save one array of its numbers, and one of its labels");
  if (!impl_->is_number()) throw error_at(impl_->place, dataset + " holds no numbers");
  const auto& dims = impl_->shape.dims;
  if (dims.size() < 2 || std::count_if(dims.begin() + 1, dims.end(), [](hsize_t n) { return n != 1; }) > 1)
    throw error_at(impl_->place, fmt::format("{} has {} dimensions: {}", dataset, dims.size(), fmt::join(dims, " x ")),
                   "features have two: rows and width; others may be 1: X.reshape(len(X), -1)");
}
Hdf5Numbers::Hdf5Numbers(Hdf5Numbers&&) noexcept = default;
Hdf5Numbers& Hdf5Numbers::operator=(Hdf5Numbers&&) noexcept = default;
Hdf5Numbers::~Hdf5Numbers() = default;
std::int64_t Hdf5Numbers::rows() const { return static_cast<std::int64_t>(impl_->shape.dims[0]); }
std::int64_t Hdf5Numbers::width() const {
  const hsize_t rows = impl_->shape.dims[0];
  return rows == 0 ? 0 : static_cast<std::int64_t>(impl_->shape.elements / rows);
}

void Hdf5Numbers::read(RowRange rows, std::span<float> out) const {
  std::vector<hsize_t> first(impl_->shape.dims.size(), 0), count = impl_->shape.dims;
  first[0] = static_cast<hsize_t>(rows.begin);
  count[0] = static_cast<hsize_t>(rows.size());
  const int dimensions = static_cast<int>(count.size());
  const Handle file_space = store::own(H5Dget_space(impl_->dataset.id()), H5Sclose, impl_->place, "shape");
  store::check(H5Sselect_hyperslab(file_space.id(), H5S_SELECT_SET, first.data(), nullptr, count.data(), nullptr),
               impl_->place, "select rows of " + impl_->name);
  const Handle memory =
      store::own(H5Screate_simple(dimensions, count.data(), nullptr), H5Sclose, impl_->place, "make a space");
  store::check(H5Dread(impl_->dataset.id(), H5T_NATIVE_FLOAT, memory.id(), file_space.id(), H5P_DEFAULT, out.data()),
               impl_->place, "read " + impl_->name);
}

std::vector<std::string> read_hdf5_column(const std::string& path, const std::string& dataset) {
  const Open open(path, dataset);
  if (open.shape.elements != open.shape.dims[0] || open.shape.dims.size() != 1)
    throw error_at(open.place, dataset + " must have one value a row, and one dimension");
  if (open.kind() == H5T_STRING)
    return H5Tis_variable_str(open.type.id()) > 0 ? variable_texts(open) : fixed_texts(open);
  if (open.kind() == H5T_INTEGER || open.kind() == H5T_ENUM) return numbers<std::int64_t>(open, H5T_NATIVE_INT64);
  if (open.kind() == H5T_FLOAT) return numbers<double>(open, H5T_NATIVE_DOUBLE);
  throw error_at(open.place, dataset + " holds neither texts nor numbers");
}

std::vector<NamedDataset> named_datasets(const std::string& path) {
  const Place place{"import", path};
  const store::File file = store::File::open_foreign(place);
  std::vector<std::string> names;
  store::check(H5Lvisit(file.id(), H5_INDEX_NAME, H5_ITER_INC, note_name, &names), place, "list the datasets");
  std::vector<NamedDataset> found;
  for (const std::string& name : names) {
    const Handle dataset = store::own(H5Dopen2(file.id(), name.c_str(), H5P_DEFAULT), H5Dclose, place, "open " + name);
    const std::vector<hsize_t> dims = dims_of(dataset, place, name);
    if (!dims.empty()) found.push_back({name, {dims.begin(), dims.end()}});
  }
  return found;
}

}  // namespace pool3
