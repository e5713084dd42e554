#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "pool3/files.hpp"
#include "pool3/store/maintenance.hpp"
#include "store/features/failure_table.hpp"
#include "store/features/linked_parts.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/dimensions.hpp"
#include "store/hdf5/hdf5.hpp"
#include "store/hdf5/strings.hpp"
#include "store/integrity/checksum.hpp"
#include "store/integrity/lock.hpp"
#include "store/integrity/seal.hpp"
#include "store/provenance.hpp"

namespace pool3 {
namespace {

using store::Dataset;
using store::Handle;
using store::Part;

constexpr const char* stage = "link features";
// The last jobs of an array may end at the same time, and each of them links: the one that links last has seen every
// part.
constexpr auto patience = std::chrono::minutes(2);

/// A part and the name by which the link file knows it.
struct Member {
  Part part;
  std::string name;
  Provenance provenance;
};

Member open_member(const std::string& path, const std::filesystem::path& folder) {
  const Place place{stage, path};
  store::check_seal(place, store::features_format, store::features_version);  // a link of links has no use
  Member member{.part = std::move(store::open_parts(place).front())};
  std::error_code error;
  const auto relative = std::filesystem::relative(std::filesystem::absolute(path), folder, error);
  member.name = error || relative.empty() ? std::filesystem::absolute(path).string() : relative.string();
  member.provenance = store::take_provenance(member.part.tables.attributes, "", place);
  return member;
}

void check_number(const Member& member, std::int64_t wanted, std::int64_t parts) {
  const store::PartOf own = part_of(member.part.tables);
  const Place& place = member.part.tables.file.place();
  if (own.parts != parts) {
    throw error_at(place, fmt::format("is one of {} parts, but {} are given", own.parts, parts));
  }
  if (own.part != wanted) {
    throw error_at(place, fmt::format("is part {}, where part {} should be", own.part, wanted), "give every part once");
  }
}

void check_same_job(const Member& first, const Member& other) {
  const Place& place = other.part.tables.file.place();
  const std::string found = job_difference(other.provenance, first.provenance);
  if (!found.empty()) throw error_at(place, fmt::format("is of another job than {}: {}", first.name, found));
  const std::string difference = store::parts_difference(first.part.tables, other.part.tables);
  if (!difference.empty()) throw error_at(place, fmt::format("does not fit to {}: {}", first.name, difference));
}

/// By number of part, checked to be all parts of one job.
std::vector<Member> open_members(const std::vector<std::string>& paths, const std::filesystem::path& folder) {
  std::vector<Member> members;
  members.reserve(paths.size());
  for (const std::string& path : paths) members.push_back(open_member(path, folder));
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return part_of(a.part.tables).part < part_of(b.part.tables).part; });
  for (std::size_t i = 0; i < members.size(); ++i) {
    check_number(members[i], static_cast<std::int64_t>(i) + 1, static_cast<std::int64_t>(members.size()));
    check_same_job(members.front(), members[i]);
  }
  return members;
}

Handle space_of(const std::vector<hsize_t>& dims, const Place& place) {
  return store::own(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), H5Sclose, place,
                    "shape a virtual table");
}

/// A virtual dataset over the same table of all parts. `type`: of the widest part.
void link_table(const store::File& file, const std::string& name, const Dataset store::Tables::*table,
                const std::vector<Member>& members, hsize_t columns) {
  const Place& place = file.place();
  const std::string doing = "link " + name;
  const auto dims = [&](std::int64_t rows) {
    std::vector<hsize_t> shape = {static_cast<hsize_t>(rows)};
    if (columns > 0) shape.push_back(columns);
    return shape;
  };
  std::int64_t rows = 0;
  const Dataset* widest = &(members.front().part.tables.*table);
  for (const Member& member : members) {
    const Dataset& source = member.part.tables.*table;
    rows += source.rows();
    if (source.row_bytes() > widest->row_bytes()) widest = &source;
  }
  const Handle whole = space_of(dims(rows), place);
  const Handle list = store::own(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, place, doing);
  store::check(H5Pset_obj_track_times(list.id(), false), place, doing);
  std::vector<hsize_t> start(columns > 0 ? 2 : 1, 0);
  for (const Member& member : members) {
    const std::vector<hsize_t> count = dims((member.part.tables.*table).rows());
    if (count.front() == 0) continue;
    store::check(H5Sselect_hyperslab(whole.id(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), place,
                 doing);
    const Handle source = space_of(count, place);
    store::check(H5Pset_virtual(list.id(), whole.id(), member.name.c_str(), name.c_str(), source.id()), place, doing);
    start.front() += count.front();
  }
  store::check(H5Sselect_all(whole.id()), place, doing);
  static_cast<void>(store::own(H5Dcreate2(file.id(), name.c_str(), store::handle_of(widest->type()).id(), whole.id(),
                                          H5P_DEFAULT, list.id(), H5P_DEFAULT),
                               H5Dclose, place, doing));
}

void copy_small_tables(const store::File& file, const std::vector<Member>& members) {
  const Dataset& classes = members.front().part.tables.classes;
  check_table(members.front().part.tables, classes);
  std::vector<std::byte> names(static_cast<std::size_t>(classes.bytes()));
  classes.read_bytes({0, classes.rows()}, names);
  file.create_dataset("classes", classes.type(), {static_cast<std::uint64_t>(classes.rows())})
      .write_bytes({0, classes.rows()}, names);
  std::vector<Failure> failures;
  std::vector<std::string> part_names;
  std::vector<std::uint64_t> seals;
  Row first_row = 0;
  for (const Member& member : members) {
    for (Failure& failure : failures_of(member.part)) {
      failure.row += first_row;
      failures.push_back(std::move(failure));
    }
    first_row += member.part.tables.rows;
    part_names.push_back(member.name);
    seals.push_back(store::seal_checksum(member.part.tables.file.place()));
  }
  static_cast<void>(write_failures(file, std::move(failures)));
  const store::CellShape shape = store::shape_of(part_names);
  const std::string cells = pack(part_names, shape);
  const auto count = static_cast<std::int64_t>(seals.size());
  file.create_dataset("parts", shape.type(), {seals.size()}).write({0, count}, std::span<const char>(cells));
  file.create_dataset("part_seals", store::uint64_type(), {seals.size()})
      .write({0, count}, std::span<const std::uint64_t>(seals));
}

void write_link(const Place& place, const std::vector<Member>& members) {
  store::File file = store::File::create(place);
  link_table(file, "features", &store::Tables::features, members,
             static_cast<hsize_t>(members.front().part.tables.width));
  link_table(file, "labels", &store::Tables::labels, members, 0);
  link_table(file, "paths", &store::Tables::paths, members, 0);
  link_table(file, "keys", &store::Tables::keys, members, 0);
  link_table(file, "status", &store::Tables::status, members, 0);
  copy_small_tables(file, members);
  store::name_dimensions(file);
  store::Attributes attributes;
  attributes["format"] = std::string(store::link_format);
  attributes["format_version"] = store::link_version;
  attributes["block_rows"] = members.front().part.tables.block_rows;
  attributes["root"] = members.front().part.tables.root;
  store::put_provenance(attributes, "", members.front().provenance);
  write_attributes(file, attributes);
  file.close();
  store::begin_seal(place, store::link_format, store::link_version);
  store::complete_seal(place, {});
}

}  // namespace

void link_features(const std::string& out, const std::vector<std::string>& parts) {
  const Place place{stage, out};
  check_output(place);
  const store::JobLock lock(place, patience);
  const auto folder = std::filesystem::absolute(out).parent_path();
  const std::vector<Member> members = open_members(parts, folder);
  make_whole_file(place, [&](const Place& temporary) { write_link(temporary, members); });
}

}  // namespace pool3
