#include "store/features/linked_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "pool3/store/maintenance.hpp"
#include "store/features/failure_table.hpp"
#include "store/features/value_checks.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/strings.hpp"
#include "store/integrity/seal.hpp"

namespace pool3::store {
namespace {

/// The files that a link file names, checked to be those that were linked.
std::vector<Place> linked_files(const Place& place) {
  check_seal(place, link_format, link_version);
  const Structure file(place);
  const Dataset names = file.dataset("parts");
  const Dataset seals = file.dataset("part_seals");
  names.expect_strings(names.rows());
  seals.expect(uint64_type(), {static_cast<std::uint64_t>(names.rows())});
  std::vector<std::uint64_t> wanted(static_cast<std::size_t>(names.rows()));
  seals.read({0, seals.rows()}, std::span(wanted));
  std::vector<std::string> texts = read_strings(names, {0, names.rows()});
  std::vector<Place> files;
  for (const std::string& name : texts) {
    const auto folder = std::filesystem::path(place.path).parent_path();
    files.push_back({place.stage, (folder / name).string()});
    if (seal_checksum(files.back()) != wanted[files.size() - 1]) {
      throw error_at(files.back(), "is not the file that was linked into " + place.path, "link the parts again");
    }
  }
  std::ranges::sort(texts);
  if (std::ranges::adjacent_find(texts) != texts.end()) throw error_at(place, "links a part twice", damaged_advice);
  return files;
}

/// Throws unless `next` begins where `before` ends.
void check_follows(const Place& whole, const Tables& before, const Tables& next) {
  const std::string found = parts_difference(before, next);
  if (found.empty()) return;
  throw error_at(
      whole, fmt::format("{} and {} are not of one whole: {}", before.file.place().path, next.file.place().path, found),
      "link the parts again");
}

}  // namespace

std::vector<Part> open_parts(const Place& place) {
  const std::vector<Place> files = format_of(place.path) == link_format ? linked_files(place) : std::vector{place};
  std::vector<Part> parts;
  for (const Place& file : files) {
    Part part{.tables = open_finished(file)};
    part.failures = open_failures(part.tables.file);
    if (!parts.empty()) {
      check_follows(place, parts.front().tables, part.tables);
      part.first_row = parts.back().rows().end;
      part.first_block = parts.back().first_block + parts.back().tables.blocks();
    }
    parts.push_back(std::move(part));
  }
  if (parts.empty()) throw error_at(place, "links no parts", damaged_advice);
  return parts;
}

std::vector<Failure> failures_of(const Part& part) {
  check_table(part.tables, part.failures);
  std::vector<Failure> failures = read_failures(part.failures, {0, part.failures.rows()});
  check_failures(part.tables, failures);
  return failures;
}

std::string parts_difference(const Tables& a, const Tables& b) {
  std::string width = width_difference(b.width, a.width);
  if (!width.empty()) return width;
  const bool same = a.root == b.root && a.block_rows == b.block_rows && a.type == b.type &&
                    stored_checksum(a, "classes") == stored_checksum(b, "classes");
  return same ? std::string() : "another folder, block size, type or classes";
}

PartOf part_of(const Tables& tables) {
  const auto number = [&](const char* name) {
    return tables.attributes.contains(name) ? attribute<std::int64_t>(tables.attributes, name, tables.file.place()) : 1;
  };
  const PartOf part{number("part"), number("parts")};
  if (part.part < 1 || part.part > part.parts) {
    throw error_at(tables.file.place(), fmt::format("is part {} of {}", part.part, part.parts), damaged_advice);
  }
  return part;
}

}  // namespace pool3::store

namespace pool3 {

std::vector<std::string> linked_parts(const std::string& path) try {
  if (store::format_of(path) != store::link_format) return {};
  std::vector<std::string> parts;
  for (const Place& part : store::linked_files({"inspect", path})) parts.push_back(part.path);
  return parts;
} catch (const Error&) {
  return {};
}

}  // namespace pool3
