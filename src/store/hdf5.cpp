#include "store/hdf5.hpp"

#include <bit>
#include <cstdlib>
#include <limits>
#include <utility>

#include "store/pieces.hpp"
#include "store/seal.hpp"

namespace pool3::store {
namespace {

static_assert(std::endian::native == std::endian::little, "the file's types are read and written as they are");

/// Prepares HDF5 before its first use: no printing of errors, and locks only where the file system has them.
void prepare() {
  static const bool done = [] {
    setenv("HDF5_USE_FILE_LOCKING", "BEST_EFFORT", 0);
    return H5open() >= 0 && H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  }();
  static_cast<void>(done);
}

herr_t keep_innermost(unsigned depth, const H5E_error2_t* error, void* text) {
  if (depth == 0 && error->desc != nullptr) *static_cast<std::string*>(text) = error->desc;
  return 0;
}

const Place& nowhere() {
  static const Place place{"hdf5", ""};
  return place;
}

/// Access properties: the oldest format that can hold the file, so that every HDF5 reads it.
Handle access() {
  prepare();
  Handle list = own(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, nowhere(), "make access properties");
  check(H5Pset_libver_bounds(list.id(), H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST), nowhere(), "set format bounds");
  return list;
}

std::vector<hsize_t> dims_of(hid_t dataset, const Place& place, const std::string& name) {
  const Handle space = own(H5Dget_space(dataset), H5Sclose, place, "look at " + name);
  const int rank = H5Sget_simple_extent_ndims(space.id());
  if (rank < 1 || rank > 2) throw error_at(place, name + " has " + std::to_string(rank) + " dimensions");
  std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
  check(H5Sget_simple_extent_dims(space.id(), dims.data(), nullptr), place, "look at " + name);
  return dims;
}

/// a x b, or 0 where that does not fit into 63 bits.
std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return b != 0 && a > limit / b ? 0 : a * b;
}

/// Bytes of one row, such that rows x bytes fits into 63 bits.
std::int64_t checked_row_bytes(const std::vector<hsize_t>& dims, std::size_t type_bytes, const std::string& name,
                               const Place& place) {
  const std::uint64_t row = product(type_bytes, dims.size() > 1 ? dims[1] : 1);
  if (row == 0 || (dims.front() != 0 && product(row, dims.front()) == 0)) {
    throw error_at(place, name + " has an impossible size", "the file is damaged");
  }
  return static_cast<std::int64_t>(row);
}

}  // namespace

Error error_at(const Place& place, std::string cause, std::string advice) {
  return Error({.stage = place.stage, .path = place.path, .cause = std::move(cause), .advice = std::move(advice)});
}

Error hdf5_error(const Place& place, const std::string& doing, std::string advice) {
  std::string cause = "no reason given";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &cause);
  return error_at(place, doing + ": " + cause, std::move(advice));
}

void check(herr_t code, const Place& place, const std::string& doing) {
  if (code < 0) throw hdf5_error(place, doing);
}

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this == &other) return *this;
  drop();
  closer_ = other.closer_;
  id_ = other.release();
  return *this;
}

hid_t Handle::release() noexcept { return std::exchange(id_, H5I_INVALID_HID); }

void Handle::close(const Place& place, const std::string& doing) {
  if (id_ >= 0) check(closer_(release()), place, doing);
}

void Handle::drop() noexcept {
  if (id_ >= 0) closer_(release());
}

Handle own(hid_t id, Handle::Closer closer, const Place& place, const std::string& doing) {
  if (id < 0) throw hdf5_error(place, doing);
  return {id, closer};
}

Handle copy_type(hid_t predefined) { return own(H5Tcopy(predefined), H5Tclose, nowhere(), "copy a type"); }

Handle string_type(std::size_t width, bool utf8) {
  prepare();
  Handle type = copy_type(H5T_C_S1);
  check(H5Tset_size(type.id(), width), nowhere(), "size a string type");
  check(H5Tset_strpad(type.id(), H5T_STR_NULLPAD), nowhere(), "pad a string type");
  check(H5Tset_cset(type.id(), utf8 ? H5T_CSET_UTF8 : H5T_CSET_ASCII), nowhere(), "set a character set");
  return type;
}

Handle status_type() {
  prepare();
  Handle type = own(H5Tenum_create(H5T_STD_U8LE), H5Tclose, nowhere(), "make the status type");
  for (std::size_t i = 0; i < row_status_names.size(); ++i) {
    const auto value = static_cast<std::uint8_t>(i);
    check(H5Tenum_insert(type.id(), std::string(row_status_names[i]).c_str(), &value), nowhere(), "name a status");
  }
  return type;
}

bool same_type(const Handle& a, const Handle& b) { return H5Tequal(a.id(), b.id()) > 0; }

Dataset::Dataset(Handle id, std::string name, const Place& place)
    : id_(std::move(id)),
      name_(std::move(name)),
      place_(place),
      type_(own(H5Dget_type(id_.id()), H5Tclose, place_, "look at " + name_)),
      dims_(dims_of(id_.id(), place_, name_)),
      row_bytes_(checked_row_bytes(dims_, H5Tget_size(type_.id()), name_, place_)) {}

void Dataset::expect(const Handle& type, const std::vector<hsize_t>& dims) const {
  if (!same_type(type, type_))
    throw error_at(place_, name_ + " has another type than it should", "the file is damaged");
  if (dims != dims_) throw error_at(place_, name_ + " has another shape than it should", "the file is damaged");
}

void Dataset::expect_strings(std::int64_t rows) const {
  const std::size_t width = H5Tget_size(type_.id());
  const bool utf8 = same_type(type_, string_type(width, true));
  expect(string_type(width, utf8), {static_cast<hsize_t>(rows)});
}

Extent Dataset::extent() const {
  const haddr_t offset = H5Dget_offset(id_.id());
  if (offset == HADDR_UNDEF) throw hdf5_error(place_, "locate " + name_);
  return {static_cast<std::int64_t>(offset), bytes()};
}

void Dataset::expect_range(RowRange rows, std::size_t span_bytes) const {
  const bool inside = rows.begin >= 0 && rows.begin <= rows.end && rows.end <= this->rows();
  if (!inside || static_cast<std::int64_t>(span_bytes) != rows.size() * row_bytes_) {
    throw error_at(place_, name_ + ": rows " + std::to_string(rows.begin) + " to " + std::to_string(rows.end) +
                               " and " + std::to_string(span_bytes) + " bytes do not fit");
  }
}

Handle Dataset::select(RowRange rows) const {
  Handle space = own(H5Dget_space(id_.id()), H5Sclose, place_, "select rows of " + name_);
  std::vector<hsize_t> start(dims_.size(), 0);
  std::vector<hsize_t> count = dims_;
  start.front() = static_cast<hsize_t>(rows.begin);
  count.front() = static_cast<hsize_t>(rows.size());
  check(H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), place_,
        "select rows of " + name_);
  return space;
}

Handle Dataset::memory(RowRange rows) const {
  std::vector<hsize_t> count = dims_;
  count.front() = static_cast<hsize_t>(rows.size());
  return own(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose, place_,
             "select memory for " + name_);
}

void Dataset::read_bytes(RowRange rows, std::span<std::byte> out) const {
  expect_range(rows, out.size());
  for_each_piece(rows, row_bytes_, transfer_bytes, [&](RowRange piece) {
    std::byte* target = out.data() + (piece.begin - rows.begin) * row_bytes_;
    check(H5Dread(id_.id(), type_.id(), memory(piece).id(), select(piece).id(), H5P_DEFAULT, target), place_,
          "dataset " + name_);
  });
}

void Dataset::write_bytes(RowRange rows, std::span<const std::byte> in) const {
  expect_range(rows, in.size());
  for_each_piece(rows, row_bytes_, transfer_bytes, [&](RowRange piece) {
    const std::byte* source = in.data() + (piece.begin - rows.begin) * row_bytes_;
    const Handle from = memory(piece);
    const Handle to = select(piece);
    const herr_t code = H5Dwrite(id_.id(), type_.id(), from.id(), to.id(), H5P_DEFAULT, source);
    if (code < 0) throw hdf5_error(place_, "dataset " + name_, "check the free space and quota of its file system");
  });
}

File File::create(const Place& place) {
  const Handle list = access();
  const Handle creation = own(H5Pcreate(H5P_FILE_CREATE), H5Pclose, place, "make creation properties");
  check(H5Pset_obj_track_times(creation.id(), false), place, "turn times off");
  check(H5Pset_userblock(creation.id(), seal_bytes), place, "make room for the seal");
  return {own(H5Fcreate(place.path.c_str(), H5F_ACC_TRUNC, creation.id(), list.id()), H5Fclose, place, "create"),
          place};
}

File File::open(const Place& place, Mode mode) {
  const Handle list = access();
  const unsigned flags = mode == Mode::read ? H5F_ACC_RDONLY : H5F_ACC_RDWR;
  return {own(H5Fopen(place.path.c_str(), flags, list.id()), H5Fclose, place, "open"), place};
}

File File::open_parallel(const Place& place, MPI_Comm comm) {
  const Handle list = access();
  check(H5Pset_fapl_mpio(list.id(), comm, MPI_INFO_NULL), place, "choose MPI-IO");
  return {own(H5Fopen(place.path.c_str(), H5F_ACC_RDWR, list.id()), H5Fclose, place, "open in parallel"), place};
}

Dataset File::create_dataset(const std::string& name, const Handle& type, const std::vector<hsize_t>& dims) const {
  const std::string doing = "create " + name;
  const Handle list = own(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, place_, doing);
  check(H5Pset_layout(list.id(), H5D_CONTIGUOUS), place_, doing);
  check(H5Pset_alloc_time(list.id(), H5D_ALLOC_TIME_EARLY), place_, doing);
  check(H5Pset_fill_time(list.id(), H5D_FILL_TIME_NEVER), place_, doing);
  check(H5Pset_obj_track_times(list.id(), false), place_, doing);
  const Handle space =
      own(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), H5Sclose, place_, doing);
  return {own(H5Dcreate2(id(), name.c_str(), type.id(), space.id(), H5P_DEFAULT, list.id(), H5P_DEFAULT), H5Dclose,
              place_, doing),
          name, place_};
}

Dataset File::dataset(const std::string& name) const {
  return {own(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), H5Dclose, place_, "open " + name), name, place_};
}

void File::flush() const { check(H5Fflush(id(), H5F_SCOPE_GLOBAL), place_, "flush"); }

void File::close() { id_.close(place_, "close"); }

bool has_hdf5_signature(const std::string& path) {
  prepare();
  return H5Fis_hdf5(path.c_str()) > 0;
}

}  // namespace pool3::store
