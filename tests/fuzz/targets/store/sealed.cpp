// Any bytes as a feature file, a model, a map or an index, with checksums made right again, through all that reads
// them.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "pool3/store/index_file.hpp"
#include "pool3/store/maintenance.hpp"
#include "pool3/store/map_file.hpp"
#include "pool3/store/model.hpp"
#include "store/features/checked_blocks.hpp"
#include "store/features/feature_tables.hpp"
#include "store/integrity/checksum.hpp"
#include "store/integrity/seal.hpp"

namespace {

using pool3::store::Extent;
using pool3::store::Tables;

/// A file in memory, with a path.
class MemoryFile {
 public:
  MemoryFile() : number_(memfd_create("input", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(number_)) {
    if (number_ < 0) std::abort();
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(number_); }
  [[nodiscard]] const std::string& path() const { return path_; }
  void write(std::size_t offset, const void* bytes, std::size_t size) const {
    if (pwrite(number_, bytes, size, static_cast<off_t>(offset)) != static_cast<ssize_t>(size)) std::abort();
  }

 private:
  int number_;
  std::string path_;
};

/// Where the value of a number among the root's attributes is: behind its name, the type and the shape, each padded to
/// 8 bytes.
std::size_t value_of(std::string_view bytes, const std::string& name) {
  const std::size_t at = bytes.find(name + '\0');
  return at == std::string_view::npos ? at : at + (name.size() + 8) / 8 * 8 + 24;
}

void fix_table(const MemoryFile& file, std::string_view bytes, const pool3::store::Dataset& table) {
  const std::size_t at = value_of(bytes, "xxh3_" + table.name());
  const std::uint64_t checksum = table_checksum(table);
  if (at < bytes.size() && bytes.size() - at >= sizeof checksum) file.write(at, &checksum, sizeof checksum);
}

void fix_blocks(const Tables& t) {
  std::vector<std::byte> features;
  std::vector<char> keys;
  std::vector<pool3::RowStatus> status;
  for (std::int64_t index = 0; index < t.blocks(); ++index) {
    const pool3::RowRange rows = t.block(index);
    features.resize(static_cast<std::size_t>(rows.size() * t.features.row_bytes()));
    keys.resize(static_cast<std::size_t>(rows.size() * t.keys.row_bytes()));
    status.resize(static_cast<std::size_t>(rows.size()));
    t.features.read_bytes(rows, features);
    t.keys.read(rows, std::span(keys));
    t.status.read(rows, std::span(status));
    const std::uint64_t checksum = pool3::store::block_checksum(features, keys, status);
    t.checksums.write({index, index + 1}, std::span<const std::uint64_t>(&checksum, 1));
  }
}

/// As far as its structure can be read.
void fix_tables(const MemoryFile& file, std::string_view bytes) {
  const pool3::Place place{"fuzz", file.path()};
  try {
    const Tables t = open_tables(pool3::store::Structure(place, pool3::store::Mode::rows));
    fix_blocks(t);
    for (const auto* table : {&t.labels, &t.classes, &t.paths, &t.keys, &t.status, &t.checksums}) {
      fix_table(file, bytes, *table);
    }
    fix_table(file, bytes, t.file.dataset("failures"));
  } catch (const pool3::Error&) {
    return;
  }
}

void seal(const MemoryFile& file, std::string_view bytes) {
  const pool3::Place place{"fuzz", file.path()};
  std::vector<Extent> covered(16);
  if (bytes.size() < 512) return;
  std::memcpy(covered.data(), bytes.data() + 56, covered.size() * sizeof(Extent));
  std::erase_if(covered, [](const Extent& extent) { return extent.bytes == 0; });
  try {
    pool3::store::complete_seal(place, covered);
  } catch (const pool3::Error&) {
    pool3::store::complete_seal(place, {});
  }
}

/// An error that names its cause is right; anything else brings the target down.
template <typename Action>
void attempt(Action&& action) {
  try {
    action();
  } catch (const pool3::Error& error) {
    if (error.fields().cause.empty()) std::abort();
  }
}

void read_all(const pool3::FeatureReader& reader) {
  const pool3::RowRange all{0, reader.rows()};
  attempt([&] { static_cast<void>(reader.labels()); });
  attempt([&] { static_cast<void>(reader.status()); });
  attempt([&] { static_cast<void>(reader.keys()); });
  attempt([&] { static_cast<void>(reader.paths(all)); });
  attempt([&] { static_cast<void>(reader.failures()); });
  for (std::int64_t b = 0; b < reader.blocks(); ++b) {
    std::vector<float> features(static_cast<std::size_t>(reader.block(b).size() * reader.width()));
    attempt([&] { reader.read_blocks(b, b + 1, features); });
  }
}

/// Distances by it are numbers: rows are sorted by them.
void ask(const pool3::NeighbourIndex& index) {
  const std::vector<float> query(static_cast<std::size_t>(index.basis.width), 0.5F);
  for (const pool3::Metric metric : {pool3::Metric::cosine, pool3::Metric::euclidean})
    for (const double distance : least_distances(index.basis, index.sketches, query, metric))
      if (!std::isfinite(distance)) std::abort();
}

pool3::Communicator& world() {
  static int argc = 0;
  static char** argv = nullptr;
  static const pool3::MpiSession session(argc, argv);
  static pool3::Communicator comm = pool3::Communicator::world();
  return comm;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const MemoryFile file;
  file.write(0, data, size);
  fix_tables(file, bytes);
  seal(file, bytes);
  attempt([&] { static_cast<void>(pool3::read_model(file.path())); });
  attempt([&] { static_cast<void>(pool3::read_split_table(file.path())); });
  attempt([&] { static_cast<void>(pool3::read_map(file.path())); });
  attempt([&] { ask(pool3::read_index(file.path())); });
  attempt([&] { read_all(pool3::FeatureReader(file.path())); });
  attempt([&] { static_cast<void>(pool3::verify_features(world(), file.path())); });
  attempt([&] { static_cast<void>(pool3::diff_features(world(), file.path(), file.path())); });
  return 0;
}
