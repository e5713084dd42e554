#include "weights/makers/torch/torch_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "weights/containers/zip.hpp"
#include "weights/makers/torch/state_dict.hpp"
#include "weights/makers/torch/torchvision.hpp"

namespace pool3::weights {
namespace {

/// The first pickle of the old format: a number of ten bytes.
constexpr std::string_view old_mark = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
constexpr std::int64_t old_version = 1001;
/// Bounds the memory that a pickle can take; that of an Inception-v3 has 100 kB.
constexpr std::size_t largest_pickle_bytes = std::size_t{4} << 20U;
constexpr const char* state_dict_advice = "save the weights alone: torch.save(net.state_dict(), FILE)";

std::map<std::string, Tensor> read_dict(const StateDict& dict, const ReadStorage& storage) {
  if (!dict.contains(torchvision_first_tensor)) {
    throw FormatError(fmt::format("no tensor '{}'", torchvision_first_tensor),
                      "not the state_dict of torchvision's inception_v3?");
  }
  return read_layers([&](const std::string& name, const Shape& shape) { return dict.read(name, shape, storage); },
                     torchvision_rules());
}

/// The folder inside the archive that holds everything.
std::string archive_folder(const ZipArchive& archive) {
  static constexpr std::string_view suffix = "/data.pkl";
  for (const std::string_view name : archive.names()) {
    if (name.ends_with(suffix)) return std::string(name.substr(0, name.size() - suffix.size() + 1));
  }
  throw FormatError("a zip archive, but not of torch.save");
}

bool has_code(const ZipArchive& archive, const std::string& folder) {
  const std::vector<std::string_view> names = archive.names();
  return archive.contains(folder + "constants.pkl") ||
         std::ranges::any_of(names, [&](std::string_view name) { return name.starts_with(folder + "code/"); });
}

std::map<std::string, Tensor> read_archive(const ZipArchive& archive) {
  const std::string folder = archive_folder(archive);
  if (has_code(archive, folder)) throw FormatError("a TorchScript archive, not a state_dict", state_dict_advice);
  if (archive.contains(folder + "byteorder") && archive.read(folder + "byteorder") != "little") {
    throw FormatError("written on a big-endian machine", "load and save it again on this machine");
  }
  const std::string_view text = archive.read(folder + "data.pkl");
  if (text.size() > largest_pickle_bytes) throw FormatError("a pickle beyond reason", state_dict_advice);
  ByteReader bytes(text);
  const Pickle pickle(bytes);
  return read_dict(StateDict(pickle), [&](const std::string& key) { return archive.read(folder + "data/" + key); });
}

/// Sizes of the storages that tensors of a pickle use, by key.
std::map<std::string, std::uint64_t> storage_sizes(const Pickle& pickle) {
  std::map<std::string, std::uint64_t> sizes;
  for (const PickleValue& value : pickle.values()) {
    if (value.kind != PickleValue::Kind::storage) continue;
    const StorageId id = storage_id(pickle, value);
    if (id.elements > std::uint64_t{1} << 40U) throw FormatError("a storage beyond reason");
    const std::uint64_t size = id.elements * id.element_bytes();
    if (sizes.emplace(id.key, size).first->second != size)
      throw FormatError(fmt::format("storage '{}' has two sizes", id.key));
  }
  return sizes;
}

/// Four more pickles - version, system, the dict, the storages' keys - and then each storage after its length.
std::map<std::string, Tensor> read_old(std::string_view bytes) {
  ByteReader pickles(bytes.substr(0, largest_pickle_bytes), old_mark.size());
  if (Pickle(pickles).result().integer != old_version) throw FormatError("an unknown version of torch's old format");
  static_cast<void>(Pickle(pickles));
  const Pickle dict(pickles);
  const Pickle keys(pickles);
  const std::map<std::string, std::uint64_t> sizes = storage_sizes(dict);
  std::map<std::string, std::string_view> storages;
  ByteReader data(bytes, pickles.place());
  for (const Pickle::Place place : keys.result().items) {
    const std::string key(keys[place].text);
    const auto size = sizes.find(key);
    if (size == sizes.end()) throw FormatError(fmt::format("storage '{}' belongs to no tensor", key));
    data.skip(sizeof(std::uint64_t));  // number of elements: torch/serialization.py, _legacy_save()
    storages[key] = data.take(size->second);
  }
  return read_dict(StateDict(dict), [&](const std::string& key) {
    const auto found = storages.find(key);
    if (found == storages.end()) throw FormatError(fmt::format("storage '{}' is missing", key));
    return found->second;
  });
}

bool is_torchscript(std::string_view bytes) {
  if (!looks_like_zip(bytes)) return false;
  const ZipArchive archive(bytes);
  return has_code(archive, archive_folder(archive));
}

Weights take_torchscript(std::string_view bytes) {
  return {.traits = {}, .source = {}, .sha256 = {}, .tensors = {}, .torchscript = std::string(bytes)};
}

Weights read(std::string_view bytes) {
  return {.traits = torchvision_traits(), .source = {}, .sha256 = {}, .tensors = read_torch_file(bytes)};
}

}  // namespace

constinit const Maker torchscript_file = {
    .kind = "TorchScript", .name = "TorchScript", .knows = is_torchscript, .read = take_torchscript};
constinit const Maker torch_file = {
    .kind = "torchvision's .pth", .name = "torchvision", .knows = looks_like_torch_file, .read = read};

bool looks_like_torch_file(std::string_view bytes) { return looks_like_zip(bytes) || bytes.starts_with(old_mark); }

std::map<std::string, Tensor> read_torch_file(std::string_view bytes) {
  return looks_like_zip(bytes) ? read_archive(ZipArchive(bytes)) : read_old(bytes);
}

}  // namespace pool3::weights
