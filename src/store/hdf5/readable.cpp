#include "store/hdf5/readable.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <set>

namespace pool3::store {
namespace {

void check_filters(const Handle& how, const std::string& name, const Place& place) {
  const int filters = H5Pget_nfilters(how.id());
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0, config = 0;
    std::size_t values = 0;
    std::array<char, 64> called{};
    const H5Z_filter_t filter = H5Pget_filter2(how.id(), static_cast<unsigned>(i), &flags, &values, nullptr,
                                               called.size() - 1, called.data(), &config);
    if (filter < 0 || H5Zfilter_avail(filter) > 0) continue;
    throw error_at(place,
                   fmt::format("{} is packed by a filter that HDF5 lacks here, number {} ({})", name, filter,
                               called[0] == '\0' ? "without a name" : one_line(called.data())),
                   "write it again with gzip or none, as with h5py: create_dataset(NAME, data=X, compression='gzip')");
  }
}

using GetName = ssize_t (*)(hid_t, std::size_t, char*, std::size_t);

std::string name_of_part(GetName get, const Handle& how, std::size_t part) {
  const ssize_t length = get(how.id(), part, nullptr, 0);
  if (length <= 0) return {};
  std::string text(static_cast<std::size_t>(length) + 1, '\0');
  get(how.id(), part, text.data(), text.size());
  text.pop_back();
  return text;
}

/// Where HDF5 looks: in the folder of the dataset's file, as the name says, and of an absolute one by its last part
/// there.
std::string find_beside(const std::string& wanted, const Place& place) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(place.path).parent_path(), name(wanted);
  std::error_code none;
  for (const fs::path& candidate : {folder / name, name, folder / (name.is_absolute() ? name.filename() : name)})
    if (fs::exists(candidate, none)) return candidate.string();
  return {};
}

/// HDF5 gives zeros for what lies in a file or dataset that is not there.
void check_parts(const Handle& how, const std::string& name, const Place& place) {
  if (H5Pget_layout(how.id()) != H5D_VIRTUAL) return;
  std::size_t parts = 0;
  check(H5Pget_virtual_count(how.id(), &parts), place, "parts of " + name);
  std::set<std::pair<std::string, std::string>> looked_at;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::string file = name_of_part(H5Pget_virtual_filename, how, i);
    const std::string dataset = name_of_part(H5Pget_virtual_dsetname, how, i);
    const bool is_pattern = file.find('%') != std::string::npos || dataset.find('%') != std::string::npos;
    if (is_pattern || file == "." || !looked_at.insert({file, dataset}).second) continue;
    const std::string found = find_beside(file, place);
    if (found.empty())
      throw error_at(place, fmt::format("{} is made of parts, and {} is not there", name, one_line(file)),
                     "put it beside this file");
    const File part = File::open_foreign({place.stage, found});
    if (H5Lexists(part.id(), dataset.c_str(), H5P_DEFAULT) <= 0)
      throw error_at(place,
                     fmt::format("{} is made of parts, and {} has no {}", name, one_line(found), one_line(dataset)));
  }
}

}  // namespace

void check_readable(hid_t dataset, const std::string& name, const Place& place) {
  const Handle how = own(H5Dget_create_plist(dataset), H5Pclose, place, "layout of " + name);
  check_filters(how, name, place);
  check_parts(how, name, place);
}

}  // namespace pool3::store
