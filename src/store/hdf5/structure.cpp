#include "store/hdf5/structure.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "store/format_names.hpp"
#include "store/hdf5/strings.hpp"

namespace pool3::store {
namespace {

/// Bytes of an open file, which must outlive it.
Hdf5Bytes bytes_of(const Descriptor& file) {
  return {.size = static_cast<std::uint64_t>(file.size()),
          .read = [&file](std::uint64_t offset, std::span<std::byte> out) {
            if (file.read(static_cast<std::int64_t>(offset), out) == out.size()) return;
            throw error_at(file.place(), "the file is cut off", damaged_advice);
          }};
}

Error structure_error(const Place& place, const Hdf5Error& error) {
  if (error.kind() == Hdf5Error::Kind::broken) {
    return error_at(place, fmt::format("structure: {}", error.what()), damaged_advice);
  }
  return error_at(place, fmt::format("has {}, which pool3 does not write", error.what()),
                  "make it again, or restore it from a copy");
}

/// Runs `action`; what is wrong with the structure becomes an Error that names the file.
template <typename Action>
auto checked(const Place& place, Action&& action) {
  try {
    return action();
  } catch (const Hdf5Error& error) {
    throw structure_error(place, error);
  }
}

template <typename Number>
Number number_in(const std::string& bytes) {
  Number number{};
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

/// Nothing for a type that pool3 does not write.
std::optional<AttributeValue> value_of(const Hdf5Attribute& attribute) {
  using Kind = Hdf5Type::Kind;
  if (!attribute.dims.empty()) return {};
  if (attribute.type.kind == Kind::utf8) return std::string(cell_text(attribute.bytes));
  if (attribute.type.bytes != sizeof(std::int64_t)) return {};
  if (attribute.type.kind == Kind::integer) return number_in<std::int64_t>(attribute.bytes);
  if (attribute.type.kind == Kind::natural) return number_in<std::uint64_t>(attribute.bytes);
  if (attribute.type.kind == Kind::real) return number_in<double>(attribute.bytes);
  return {};
}

std::shared_ptr<const Descriptor> open(const Place& place, Mode mode) {
  if (mode == Mode::read) return std::make_shared<Descriptor>(open_source(place));
  return std::make_shared<Descriptor>(place, O_RDWR);
}

}  // namespace

Structure::Structure(const Place& place, Mode mode) : place_(place), bytes_(open(place, mode)) {
  if (!has_hdf5_signature(*bytes_)) throw error_at(place_, "is not an HDF5 file");
  tables_ = checked(place_, [&] {
    const Hdf5File file(source());
    return file.links(file.root());
  });
}

Hdf5Bytes Structure::source() const { return bytes_of(*bytes_); }

Attributes Structure::attributes() const {
  return checked(place_, [&] {
    const Hdf5File file(source());
    Attributes attributes;
    for (const Hdf5Attribute& attribute : file.attributes(file.root())) {
      auto value = value_of(attribute);
      if (!value) continue;
      if (!attributes.emplace(attribute.name, std::move(*value)).second) {
        throw Hdf5Error(Hdf5Error::Kind::broken, fmt::format("attribute {} is there twice", attribute.name));
      }
    }
    return attributes;
  });
}

Dataset Structure::dataset(const std::string& name) const {
  const auto absent = [&] { return error_at(place_, fmt::format("has no table {}", name), damaged_advice); };
  if (name.find('/') != std::string::npos) {
    const auto in_group = find(name);
    if (!in_group) throw absent();
    return {*in_group, name, bytes_, place_};
  }
  const auto found = tables_.find(name);
  if (found == tables_.end()) throw absent();
  return checked(place_, [&] { return Dataset(Hdf5File(source()).dataset(found->second), name, bytes_, place_); });
}

std::optional<Hdf5Dataset> Structure::find(const std::string& name) const {
  try {
    const Hdf5File file(source());
    Hdf5File::Address at = file.root();
    for (std::size_t begin = 0; begin < name.size();) {
      const std::size_t end = std::min(name.find('/', begin), name.size());
      if (end > begin) {
        const auto links = file.links(at);
        const auto found = links.find(name.substr(begin, end - begin));
        if (found == links.end()) return std::nullopt;
        at = found->second;
      }
      begin = end + 1;
    }
    return file.dataset(at);
  } catch (const Hdf5Error& error) {
    if (error.kind() == Hdf5Error::Kind::unknown) return std::nullopt;
    throw structure_error(place_, error);
  }
}

bool has_hdf5_signature(const Descriptor& file) { return looks_like_hdf5(bytes_of(file)); }

}  // namespace pool3::store
