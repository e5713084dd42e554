#include "store/features/parts.hpp"

#include <filesystem>

#include "store/features/failures.hpp"
#include "store/hdf5/strings.hpp"
#include "store/integrity/seal.hpp"
#include "store/layout.hpp"

namespace pool3::store {
namespace {

/// The files that a link file names, checked to be those that were linked.
std::vector<Place> linked_files(const Place& place) {
  check_seal(place, link_format, link_version);
  const File file = File::open(place, Mode::read);
  const Dataset names = file.dataset("parts");
  const Dataset seals = file.dataset("part_seals");
  names.expect_strings(names.rows());
  seals.expect(copy_type(H5T_STD_U64LE), {static_cast<hsize_t>(names.rows())});
  std::vector<std::uint64_t> wanted(static_cast<std::size_t>(names.rows()));
  seals.read({0, seals.rows()}, std::span(wanted));
  std::vector<Place> files;
  for (const std::string& name : read_strings(names, {0, names.rows()})) {
    const auto folder = std::filesystem::path(place.path).parent_path();
    files.push_back({place.stage, (folder / name).string()});
    if (seal_checksum(files.back()) != wanted[files.size() - 1]) {
      throw error_at(files.back(), "is not the file that was linked into " + place.path, "link the parts again");
    }
  }
  return files;
}

}  // namespace

std::vector<Part> open_parts(const Place& place) {
  const std::vector<Place> files = format_of(place.path) == link_format ? linked_files(place) : std::vector{place};
  std::vector<Part> parts;
  for (const Place& file : files) {
    Part part{.tables = open_finished(file)};
    part.failures = open_failures(part.tables.file);
    part.tables.file.close();  // one descriptor for each of what may be thousands of parts
    if (!parts.empty()) {
      part.first_row = parts.back().rows().end;
      part.first_block = parts.back().first_block + parts.back().tables.blocks();
    }
    parts.push_back(std::move(part));
  }
  if (parts.empty()) throw error_at(place, "links no parts", damaged_advice);
  return parts;
}

PartOf part_of(const Tables& tables) {
  const auto number = [&](const char* name) {
    return tables.attributes.contains(name) ? attribute<std::int64_t>(tables.attributes, name, tables.file.place()) : 1;
  };
  return {number("part"), number("parts")};
}

}  // namespace pool3::store
