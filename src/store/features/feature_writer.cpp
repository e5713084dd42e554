#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "pool3/files.hpp"
#include "store/features/failure_log.hpp"
#include "store/features/seal_features.hpp"
#include "store/features/unfinished_file.hpp"
#include "store/features/value_checks.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/half.hpp"
#include "store/hdf5/strings.hpp"
#include "store/integrity/checksum.hpp"
#include "store/integrity/lock.hpp"
#include "store/integrity/seal.hpp"
#include "store/integrity/undo.hpp"
#include "store/provenance.hpp"

namespace pool3 {

using store::Tables;

struct FeatureWriter::Impl {
  std::string path;
  Tables tables;
  std::unique_ptr<store::JobLock> job_lock;        ///< on the root
  std::unique_ptr<store::WorkerLock> worker_lock;  ///< on the others
  std::unique_ptr<store::FailureLog> failure_log;
  std::unique_ptr<Descriptor> syncing;  ///< set if blocks are to survive a loss of power
  store::Found found;
  std::vector<float> masked;  ///< features of a block in which rows that are not done are zeros
  std::string keys;
};

namespace {

constexpr const char* write_stage = "write features";

Place partial_of(const std::string& path) { return {write_stage, path + ".partial"}; }

/// Every rank must see the file that the root made.
void check_visible(const Place& partial) {
  if (access(partial.path.c_str(), R_OK | W_OK) == 0) return;
  throw file_error(partial, errno, "every node must share the output folder");
}

/// `features`, or a copy in `masked` with the rows that are not done set to zero.
std::span<const float> mask(std::span<const float> features, std::int64_t width, std::span<const RowStatus> status,
                            std::vector<float>& masked) {
  const auto done = [](RowStatus s) { return s == RowStatus::done; };
  if (std::all_of(status.begin(), status.end(), done)) return features;
  masked.assign(features.begin(), features.end());
  for (std::size_t i = 0; i < status.size(); ++i) {
    if (!done(status[i])) std::fill_n(masked.begin() + static_cast<std::ptrdiff_t>(i) * width, width, 0.0F);
  }
  return masked;
}

void check_block(const Tables& t, std::int64_t index, std::size_t features, std::size_t keys, std::size_t status) {
  if (index < 0 || index >= t.blocks()) {
    throw error_at(t.file.place(), fmt::format("there is no block {}", index));
  }
  const auto rows = static_cast<std::size_t>(t.block(index).size());
  if (keys != rows || status != rows) {
    throw error_at(t.file.place(), fmt::format("block {} has {} rows, not {}", index, rows, status));
  }
  const std::size_t wanted = rows * static_cast<std::size_t>(t.width);
  if (features == wanted) return;
  throw error_at(t.file.place(),
                 fmt::format("block {} has {} features ({} x {}), not {}", index, wanted, rows, t.width, features));
}

}  // namespace

FeatureWriter::FeatureWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FeatureWriter::FeatureWriter(FeatureWriter&&) noexcept = default;
FeatureWriter& FeatureWriter::operator=(FeatureWriter&&) noexcept = default;
FeatureWriter::~FeatureWriter() = default;

FeatureWriter FeatureWriter::open(const Communicator& comm, const std::string& path, const FeatureSpec& spec) {
  const Place target{write_stage, path};
  const Place partial = partial_of(path);
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  comm.root_does([&] {
    check_output(target);
    impl->job_lock = std::make_unique<store::JobLock>(target);
    store::prepare_partial(partial, spec);
  });
  comm.all_do([&] {
    check_visible(partial);
    if (!comm.is_root()) impl->worker_lock = std::make_unique<store::WorkerLock>(target);
    impl->tables = store::open_unfinished(partial);
    impl->failure_log = std::make_unique<store::FailureLog>(partial, comm.rank());
    if (spec.durable) impl->syncing = std::make_unique<Descriptor>(partial, O_RDWR);
  });
  impl->found = find_done(comm, partial, impl->tables);
  return FeatureWriter(std::move(impl));
}

std::int64_t FeatureWriter::rows() const { return impl_->tables.rows; }
std::int64_t FeatureWriter::width() const { return impl_->tables.width; }
std::int64_t FeatureWriter::blocks() const { return impl_->tables.blocks(); }
RowRange FeatureWriter::block(std::int64_t index) const { return impl_->tables.block(index); }
const std::string& FeatureWriter::root() const { return impl_->tables.root; }

std::vector<std::string> FeatureWriter::paths(RowRange rows) const {
  return store::read_strings(impl_->tables.paths, rows);
}

const std::vector<bool>& FeatureWriter::done() const { return impl_->found.done; }
std::int64_t FeatureWriter::failed_before() const { return impl_->found.failed; }

std::vector<ImageKey> FeatureWriter::keys(RowRange rows) const {
  std::vector<char> cells(static_cast<std::size_t>(rows.size()) * store::key_width);
  impl_->tables.keys.read(rows, std::span(cells));
  std::vector<ImageKey> keys;
  for (std::size_t at = 0; at < cells.size(); at += store::key_width) {
    keys.push_back(store::parse_key({&cells[at], store::key_width}).value_or(ImageKey{}));  // zeros where it is pending
  }
  return keys;
}

std::vector<RowStatus> FeatureWriter::status(RowRange rows) const {
  std::vector<RowStatus> status(static_cast<std::size_t>(rows.size()));
  impl_->tables.status.read(rows, std::span(status));
  return status;
}

void FeatureWriter::redo(std::int64_t block) {
  store::Found& found = impl_->found;
  if (!found.done.at(static_cast<std::size_t>(block))) return;
  found.done[static_cast<std::size_t>(block)] = false;
  const std::vector<RowStatus> of_block = status(this->block(block));
  found.failed -= std::ranges::count_if(of_block, [](RowStatus s) { return s != RowStatus::done; });
}

void FeatureWriter::write_block(std::int64_t index, std::span<const float> features, std::span<const ImageKey> keys,
                                std::span<const RowStatus> status, const std::vector<Failure>& failures) {
  const Tables& t = impl_->tables;
  check_block(t, index, features.size(), keys.size(), status.size());
  const RowRange rows = t.block(index);
  const std::span<const float> masked = mask(features, t.width, status, impl_->masked);
  std::vector<std::byte> halves;
  if (t.type == FeatureType::float16) halves = store::to_half(masked);
  const std::span<const std::byte> stored =
      halves.empty() ? std::as_bytes(masked) : std::span(halves).first(halves.size());
  impl_->keys.clear();
  for (const ImageKey& key : keys) impl_->keys += to_hex(key);
  const std::uint64_t checksum = store::block_checksum(stored, impl_->keys, status);
  impl_->failure_log->append(failures, impl_->syncing != nullptr);
  t.features.write_bytes(rows, stored);
  t.keys.write(rows, std::span<const char>(impl_->keys));
  t.checksums.write({index, index + 1}, std::span<const std::uint64_t>(&checksum, 1));
  t.status.write(rows, status);  // last: from here on the block counts
  if (impl_->syncing) impl_->syncing->sync();
}

void FeatureWriter::keep_alive() const {
  if (impl_->job_lock) impl_->job_lock->keep_alive();
}

void FeatureWriter::finish(const Communicator& comm) {
  const Place partial = partial_of(impl_->path);
  comm.all_do([&] {
    impl_->failure_log.reset();
    sync_file(partial);  // what this node has written
    impl_->worker_lock.reset();
  });
  comm.root_does([&] {
    const std::vector<Failure> failures = collect_failures(partial, impl_->tables);
    store::save_undo(partial, table_extents(impl_->tables));
    store::seal_features(partial, failures);
    rename_durably(partial.path, {write_stage, impl_->path});
    remove_leftovers(impl_->path);
    impl_->job_lock.reset();
  });
}

std::optional<Provenance> unfinished_provenance(const std::string& path) {
  const Place partial = partial_of(path);
  if (!file_exists(partial.path) || store::owner_at_work({write_stage, path})) return {};
  if (store::undo_exists(partial) || store::format_of(partial.path) != store::features_format) return {};
  return store::take_provenance(store::open_unfinished(partial, store::Mode::read).attributes, "", partial);
}

void remove_leftovers(const std::string& path) {
  if (file_exists(partial_of(path).path)) return;  // they belong to it
  store::remove_undo(partial_of(path));
  store::remove_failure_logs(partial_of(path));
  store::remove_dead_lock({write_stage, path});
}

}  // namespace pool3
