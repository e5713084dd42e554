#include "store/hdf5/hdf5.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "store/format_names.hpp"
#include "store/hdf5/open_elsewhere.hpp"

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

hid_t integer_id(const Hdf5Type& type) {
  const bool natural = type.kind == Hdf5Type::Kind::natural;
  if (type.bytes == 1) return natural ? H5T_STD_U8LE : H5T_STD_I8LE;
  if (type.bytes == 2) return natural ? H5T_STD_U16LE : H5T_STD_I16LE;
  if (type.bytes == 4) return natural ? H5T_STD_U32LE : H5T_STD_I32LE;
  return natural ? H5T_STD_U64LE : H5T_STD_I64LE;
}

Handle copy_type(hid_t predefined) { return own(H5Tcopy(predefined), H5Tclose, nowhere(), "copy a type"); }

Handle half_handle() {
  Handle type = copy_type(H5T_IEEE_F32LE);
  check(H5Tset_fields(type.id(), 15, 10, 5, 0, 10), nowhere(), "lay out half precision");
  check(H5Tset_size(type.id(), 2), nowhere(), "size half precision");
  check(H5Tset_ebias(type.id(), 15), nowhere(), "bias half precision");
  return type;
}

Handle string_handle(const Hdf5Type& type) {
  Handle handle = copy_type(H5T_C_S1);
  const bool utf8 = type.kind == Hdf5Type::Kind::utf8;
  check(H5Tset_size(handle.id(), type.bytes), nowhere(), "size a string type");
  check(H5Tset_strpad(handle.id(), H5T_STR_NULLPAD), nowhere(), "pad a string type");
  check(H5Tset_cset(handle.id(), utf8 ? H5T_CSET_UTF8 : H5T_CSET_ASCII), nowhere(), "set a character set");
  return handle;
}

Hdf5Type type_of(const Hdf5Type::Member& member) { return {.kind = member.kind, .bytes = member.bytes, .members = {}}; }

/// Its values have one byte.
Handle enumeration_handle(const Hdf5Type& type) {
  Handle handle = own(H5Tenum_create(H5T_STD_U8LE), H5Tclose, nowhere(), "make a type of names");
  for (const auto& member : type.members) {
    const auto value = static_cast<std::uint8_t>(member.at);
    check(H5Tenum_insert(handle.id(), member.name.c_str(), &value), nowhere(), "name a value");
  }
  return handle;
}

Handle compound_handle(const Hdf5Type& type) {
  Handle handle = own(H5Tcreate(H5T_COMPOUND, type.bytes), H5Tclose, nowhere(), "make a type of columns");
  for (const auto& member : type.members) {
    const Handle column = handle_of(type_of(member));
    check(H5Tinsert(handle.id(), member.name.c_str(), member.at, column.id()), nowhere(), "add a column");
  }
  return handle;
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

Handle handle_of(const Hdf5Type& type) {
  using Kind = Hdf5Type::Kind;
  prepare();
  if (type.kind == Kind::integer || type.kind == Kind::natural) return copy_type(integer_id(type));
  if (type.kind == Kind::real && type.bytes == 2) return half_handle();
  if (type.kind == Kind::real) return copy_type(type.bytes == 4 ? H5T_IEEE_F32LE : H5T_IEEE_F64LE);
  if (type.kind == Kind::enumeration) return enumeration_handle(type);
  return type.kind == Kind::compound ? compound_handle(type) : string_handle(type);
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

File File::open(const Place& place) {
  const Handle list = access();
  auto bytes = std::make_shared<Descriptor>(place, O_RDWR);
  Handle id = own(H5Fopen(place.path.c_str(), H5F_ACC_RDWR, list.id()), H5Fclose, place, "open");
  return {std::move(id), place, std::move(bytes)};
}

File File::open_foreign(const Place& place) {
  const Handle list = access();
  auto bytes = std::make_shared<Descriptor>(open_source(place));
  const hid_t opened = H5Fopen(place.path.c_str(), H5F_ACC_RDONLY, list.id());
  if (opened < 0 && is_open_elsewhere(*bytes)) throw open_elsewhere_error(place);
  Handle id = own(opened, H5Fclose, place, "open");
  return {std::move(id), place, std::move(bytes)};
}

void File::create_group(const std::string& name) const {
  const std::string doing = "create " + name;
  Handle group = own(H5Gcreate2(id(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, place_, doing);
  group.close(place_, doing);
}

Dataset File::create_dataset(const std::string& name, const Hdf5Type& type, const Dims& dims) const {
  const std::string doing = "create " + name;
  const Handle list = own(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, place_, doing);
  check(H5Pset_layout(list.id(), H5D_CONTIGUOUS), place_, doing);
  check(H5Pset_alloc_time(list.id(), H5D_ALLOC_TIME_EARLY), place_, doing);
  check(H5Pset_fill_time(list.id(), H5D_FILL_TIME_NEVER), place_, doing);
  check(H5Pset_obj_track_times(list.id(), false), place_, doing);
  const std::vector<hsize_t> sizes(dims.begin(), dims.end());
  const Handle space =
      own(H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr), H5Sclose, place_, doing);
  const Handle dataset =
      own(H5Dcreate2(id(), name.c_str(), handle_of(type).id(), space.id(), H5P_DEFAULT, list.id(), H5P_DEFAULT),
          H5Dclose, place_, doing);
  const haddr_t offset = H5Dget_offset(dataset.id());  // nowhere if it has no rows
  return {Hdf5Dataset{.type = type, .dims = dims, .offset = offset == HADDR_UNDEF ? 0 : offset}, name, bytes_, place_};
}

void File::close() { id_.close(place_, "close"); }

}  // namespace pool3::store
