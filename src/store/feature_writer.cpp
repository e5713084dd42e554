#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "store/checksum.hpp"
#include "store/failures.hpp"
#include "store/files.hpp"
#include "store/layout.hpp"
#include "store/strings.hpp"
#include "store/tables.hpp"

namespace pool3 {

using store::Place;
using store::Tables;

struct FeatureWriter::Impl {
  std::string path;
  Tables tables;
  std::vector<float> masked;  ///< features of a block in which rows that are not done are zeros
  std::string keys;

  /// Closing is collective, and this rank may be alone with its exception: MPI_Finalize closes what is open.
  ~Impl() { tables.release(); }
};

namespace {

constexpr const char* create_stage = "create features";
constexpr const char* write_stage = "write features";

std::string partial_of(const std::string& path) { return path + ".partial"; }

/// Every rank must see the file that the root made.
void check_visible(const Place& partial) {
  if (access(partial.path.c_str(), R_OK | W_OK) == 0) return;
  throw file_error(partial.stage, partial.path, errno, "every node must share the output folder");
}

Tables open_for_rows(const Place& place, const Communicator& comm) {
  store::File file = store::File::open_parallel(place, comm.native());
  store::Attributes attributes = read_attributes(file);
  return open_tables(std::move(file), std::move(attributes));
}

/// `features`, or a copy in `masked` with the rows that are not done set to zero.
std::span<const float> mask(std::span<const float> features, std::span<const RowStatus> status,
                            std::vector<float>& masked) {
  const auto done = [](RowStatus s) { return s == RowStatus::done; };
  if (std::all_of(status.begin(), status.end(), done)) return features;
  masked.assign(features.begin(), features.end());
  for (std::size_t i = 0; i < status.size(); ++i) {
    if (!done(status[i])) std::fill_n(masked.begin() + static_cast<std::ptrdiff_t>(i) * feature_dim, feature_dim, 0.0F);
  }
  return masked;
}

void check_block(const Tables& t, std::int64_t index, std::size_t features, std::size_t keys, std::size_t status) {
  if (index < 0 || index >= t.blocks()) {
    throw error_at(t.file.place(), "there is no block " + std::to_string(index));
  }
  const auto rows = static_cast<std::size_t>(t.block(index).size());
  if (features == rows * static_cast<std::size_t>(feature_dim) && keys == rows && status == rows) return;
  throw error_at(t.file.place(), "block " + std::to_string(index) + " has " + std::to_string(rows) + " rows, not " +
                                     std::to_string(status));
}

}  // namespace

FeatureWriter::FeatureWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FeatureWriter::FeatureWriter(FeatureWriter&&) noexcept = default;
FeatureWriter& FeatureWriter::operator=(FeatureWriter&&) noexcept = default;
FeatureWriter::~FeatureWriter() = default;

FeatureWriter FeatureWriter::create(const Communicator& comm, const std::string& path, const FeatureSpec& spec) {
  const Place partial{create_stage, partial_of(path)};
  comm.root_does([&] {
    store::check_target({create_stage, path});
    create_features(partial, spec);
  });
  comm.all_do([&] { check_visible(partial); });
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  comm.all_do([&] { impl->tables = open_for_rows({write_stage, partial.path}, comm); });
  return FeatureWriter(std::move(impl));
}

std::int64_t FeatureWriter::rows() const { return impl_->tables.rows; }
std::int64_t FeatureWriter::blocks() const { return impl_->tables.blocks(); }
RowRange FeatureWriter::block(std::int64_t index) const { return impl_->tables.block(index); }
const std::string& FeatureWriter::root() const { return impl_->tables.root; }

std::vector<std::string> FeatureWriter::paths(RowRange rows) const {
  return store::read_strings(impl_->tables.paths, rows);
}

void FeatureWriter::write_block(std::int64_t index, std::span<const float> features, std::span<const ImageKey> keys,
                                std::span<const RowStatus> status) {
  const Tables& t = impl_->tables;
  check_block(t, index, features.size(), keys.size(), status.size());
  const RowRange rows = t.block(index);
  const std::span<const float> stored = mask(features, status, impl_->masked);
  impl_->keys.clear();
  for (const ImageKey& key : keys) impl_->keys += to_hex(key);
  const std::uint64_t checksum = store::block_checksum(stored, impl_->keys, status);
  t.features.write(rows, stored);
  t.keys.write(rows, std::span<const char>(impl_->keys));
  t.status.write(rows, status);
  t.checksums.write({index, index + 1}, std::span<const std::uint64_t>(&checksum, 1));
}

void FeatureWriter::finish(const Communicator& comm, const std::vector<Failure>& failures_of_this_rank) {
  const Place partial{write_stage, partial_of(impl_->path)};
  comm.all_do([&] { impl_->tables.file.flush(); });
  comm.all_do([&] { impl_->tables.close(); });
  const std::vector<std::string> parts = comm.gather(store::encode_failures(failures_of_this_rank));
  comm.root_does([&] {
    std::vector<Failure> failures;
    for (const std::string& part : parts) store::decode_failures(part, failures);
    seal_features(partial, std::move(failures));
    store::publish({write_stage, impl_->path}, partial.path);
  });
}

}  // namespace pool3
