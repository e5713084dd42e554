#include "store/hdf5/hdf5.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <utility>

#include "store/layout.hpp"

namespace pool3::store {
namespace {

static_assert(std::endian::native == std::endian::little, "the file's types are read and written as they are");

/// Prepares HDF5 before its first use: no printing of errors, and locks only where the file system has them.
void prepare() {
  static const bool done = [] {
    setenv("HDF5_USE_FILE_LOCKING", "BEST_EFFORT", 0);
    return H5dont_atexit() >= 0 && H5open() >= 0 && H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  }();
  static_cast<void>(done);
}

/// Before MPI starts, so that HDF5 does not end itself with MPI: it would crash over a file that it could not write
/// out. Files are closed by those who opened them.
const bool is_prepared = (prepare(), true);

herr_t keep_innermost(unsigned depth, const H5E_error2_t* error, void* text) {
  if (depth == 0 && error->desc != nullptr) *static_cast<std::string*>(text) = error->desc;
  return 0;
}

/// The error number in HDF5's account of a failed system call, or 0.
int errno_in(const std::string& cause) {
  constexpr std::string_view name = "errno = ";
  const std::size_t at = cause.find(name);
  int number = 0;
  if (at != std::string::npos) std::from_chars(&cause[at + name.size()], cause.data() + cause.size(), number);
  return number;
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
  if (rank < 1 || rank > 2) throw error_at(place, fmt::format("{} has {} dimensions", name, rank));
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

Error hdf5_error(const Place& place, const std::string& doing, std::string advice) {
  std::string cause = "no reason given";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &cause);
  const int number = errno_in(cause);
  if (number != 0 && cause.find("write") != std::string::npos) return write_error(place, number);
  if (number != 0) return file_error(place, number, std::move(advice));
  return error_at(place, fmt::format("{}: {}", doing, cause), std::move(advice));
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

Dataset::Dataset(const Handle& id, std::string name, std::shared_ptr<const Descriptor> bytes, Place place)
    : name_(std::move(name)),
      bytes_(std::move(bytes)),
      place_(std::move(place)),
      type_(std::make_shared<Handle>(own(H5Dget_type(id.id()), H5Tclose, place_, "look at " + name_))),
      dims_(dims_of(id.id(), place_, name_)),
      row_bytes_(checked_row_bytes(dims_, H5Tget_size(type_->id()), name_, place_)) {
  if (this->bytes() == 0) return;
  const haddr_t offset = H5Dget_offset(id.id());
  if (offset == HADDR_UNDEF) throw error_at(place_, name_ + " is not contiguous");
  offset_ = static_cast<std::int64_t>(offset);
}

void Dataset::expect(const Handle& type, const std::vector<hsize_t>& dims) const {
  if (!same_type(type, *type_))
    throw error_at(place_, name_ + " has another type than it should", "the file is damaged");
  if (dims != dims_) throw error_at(place_, name_ + " has another shape than it should", "the file is damaged");
}

void Dataset::expect_strings(std::int64_t rows) const {
  const std::size_t width = H5Tget_size(type_->id());
  const bool utf8 = same_type(*type_, string_type(width, true));
  expect(string_type(width, utf8), {static_cast<hsize_t>(rows)});
}

void Dataset::expect_range(RowRange rows, std::size_t span_bytes) const {
  const bool inside = rows.begin >= 0 && rows.begin <= rows.end && rows.end <= this->rows();
  if (!inside || static_cast<std::int64_t>(span_bytes) != rows.size() * row_bytes_) {
    throw error_at(place_,
                   fmt::format("{}: rows {} to {} and {} bytes do not fit", name_, rows.begin, rows.end, span_bytes));
  }
}

void Dataset::read_bytes(RowRange rows, std::span<std::byte> out) const {
  expect_range(rows, out.size());
  if (out.empty()) return;
  if (bytes_->read(offset_ + rows.begin * row_bytes_, out) != out.size()) {
    throw error_at(place_, name_ + ": the file is cut off", "the file is damaged");
  }
}

void Dataset::write_bytes(RowRange rows, std::span<const std::byte> in) const {
  expect_range(rows, in.size());
  if (!in.empty()) bytes_->write(offset_ + rows.begin * row_bytes_, in);
}

File File::create(const Place& place, std::int64_t alignment) {
  const Handle list = access();
  if (alignment > seal_bytes) {
    const auto bytes = static_cast<hsize_t>(alignment);
    check(H5Pset_alignment(list.id(), bytes, bytes), place, "set the alignment");
  }
  const Handle creation = own(H5Pcreate(H5P_FILE_CREATE), H5Pclose, place, "make creation properties");
  check(H5Pset_obj_track_times(creation.id(), false), place, "turn times off");
  check(H5Pset_userblock(creation.id(), static_cast<hsize_t>(std::max(seal_bytes, alignment))), place,
        "make room for the seal");
  Handle id = own(H5Fcreate(place.path.c_str(), H5F_ACC_TRUNC, creation.id(), list.id()), H5Fclose, place, "create");
  return {std::move(id), place, std::make_shared<Descriptor>(place, O_RDWR)};
}

File File::open(const Place& place, Mode mode) {
  const Handle list = access();
  auto bytes = std::make_shared<Descriptor>(mode == Mode::read ? open_source(place) : Descriptor(place, O_RDWR));
  const unsigned flags = mode == Mode::write ? H5F_ACC_RDWR : H5F_ACC_RDONLY;
  Handle id = own(H5Fopen(place.path.c_str(), flags, list.id()), H5Fclose, place, "open");
  return {std::move(id), place, std::move(bytes)};
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
  const Handle dataset = own(H5Dcreate2(id(), name.c_str(), type.id(), space.id(), H5P_DEFAULT, list.id(), H5P_DEFAULT),
                             H5Dclose, place_, doing);
  return {dataset, name, bytes_, place_};
}

Dataset File::dataset(const std::string& name) const {
  const Handle dataset = own(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), H5Dclose, place_, "open " + name);
  return {dataset, name, bytes_, place_};
}

void File::close() { id_.close(place_, "close"); }

bool has_hdf5_signature(const std::string& path) {
  prepare();
  return H5Fis_hdf5(path.c_str()) > 0;
}

}  // namespace pool3::store
