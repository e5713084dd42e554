#include "store/features/unfinished_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "pool3/files.hpp"
#include "pool3/mpi/gather.hpp"
#include "pool3/partition.hpp"
#include "store/features/checked_blocks.hpp"
#include "store/features/create_features.hpp"
#include "store/features/failure_log.hpp"
#include "store/features/linked_parts.hpp"
#include "store/features/value_checks.hpp"
#include "store/format_names.hpp"
#include "store/integrity/checksum.hpp"
#include "store/integrity/seal.hpp"
#include "store/integrity/undo.hpp"
#include "store/provenance.hpp"
#include "store/row_pieces.hpp"

namespace pool3::store {
namespace {

constexpr const char* other_job_advice = "run the command that began it, or remove the file to start again";

Error differs(const Place& partial, const std::string& difference) {
  return error_at(partial, fmt::format("is of another job: {}", difference), other_job_advice);
}

std::string number_difference(const char* name, std::int64_t here, std::int64_t there) {
  if (here == there) return {};
  return fmt::format("{}: {} here, {} there", name, here, there);
}

std::uint64_t labels_checksum(const FeatureSpec& spec) {
  Checksum checksum;
  checksum.add(std::as_bytes(spec.labels));
  return checksum.value();
}

/// How `t` differs from what `spec` would make, or "".
std::string difference(const Tables& t, const Place& partial, const FeatureSpec& spec) {
  const Provenance there = take_provenance(t.attributes, "", partial);
  std::string job = spec.difference ? spec.difference(there) : job_difference(spec.provenance, there);
  if (!job.empty()) return job;
  const PartOf part = part_of(t);
  for (const std::string& found :
       {number_difference("part", spec.part, part.part), number_difference("parts", spec.parts, part.parts),
        number_difference("rows", spec.rows, t.rows), width_difference(spec.width, t.width),
        number_difference("rows of a block", spec.block_rows, t.block_rows)}) {
    if (!found.empty()) return found;
  }
  if (spec.type != t.type) {
    return fmt::format("features: {} here, {} there", to_string(spec.type), to_string(t.type));
  }
  if (spec.root != t.root) return fmt::format("folder of the catalogue: {} here, {} there", spec.root, t.root);
  if (labels_checksum(spec) != stored_checksum(t, "labels")) return "the labels of the rows";
  return {};
}

bool is_begun(const Place& partial) {
  return try_open_own(partial, O_RDWR).is_open() && format_of(partial.path) == features_format;
}

/// The blocks of `share` that are sound, one character each: '1' or '0'. Appends the failed rows of sound ones.
std::string sound_blocks(const Tables& t, RowRange share, std::vector<std::int64_t>& failed) {
  std::string sound;
  std::vector<std::byte> features;
  std::vector<RowStatus> status;
  for (std::int64_t index = share.begin; index < share.end; ++index) {
    const RowRange rows = t.block(index);
    status.resize(static_cast<std::size_t>(rows.size()));
    t.status.read(rows, std::span(status));
    bool good = std::ranges::all_of(status, [](RowStatus s) { return status_problem(s).empty(); });
    if (good) {
      features.resize(static_cast<std::size_t>(rows.size() * t.features.row_bytes()));
      const BlockRun run = read_run(t, index, index + 1, features);
      good = run.damaged.empty() && run.not_finite.empty();
    }
    for (std::size_t i = 0; good && i < status.size(); ++i) {
      if (status[i] != RowStatus::done) failed.push_back(rows.begin + static_cast<Row>(i));
    }
    sound.push_back(good ? '1' : '0');
  }
  return sound;
}

/// Logged failures that the rows agree with, one a row, by row.
std::map<Row, Failure> valid_failures(const Place& partial, const Tables& t) {
  std::map<Row, Failure> valid;
  for (Failure& failure : read_failure_logs(partial)) {
    if (failure.row < 0 || failure.row >= t.rows) continue;
    RowStatus status{};
    t.status.read({failure.row, failure.row + 1}, std::span(&status, 1));
    if (status == failure.status) valid.insert_or_assign(failure.row, std::move(failure));
  }
  return valid;
}

}  // namespace

void prepare_partial(const Place& partial, const FeatureSpec& spec) {
  if (is_begun(partial)) {
    restore_undo(partial);
    check_open_seal(partial, features_format, features_version);
    const std::string found = difference(open_unfinished(partial), partial, spec);
    if (found.empty()) return;
    if (!spec.begins_anew) throw differs(partial, found);
    remove_file(partial);
  }
  remove_undo(partial);
  remove_failure_logs(partial);
  create_features(partial, spec);
}

Tables open_unfinished(const Place& partial, Mode mode) { return open_tables(Structure(partial, mode)); }

Found find_done(const Communicator& comm, const Place& partial, const Tables& t) {
  std::string sound;
  std::vector<std::int64_t> failed;
  comm.all_do([&] { sound = sound_blocks(t, even_share(t.blocks(), comm.size(), comm.rank()), failed); });
  const std::vector<std::string> shares = comm.gather(sound);
  const std::vector<Row> failed_rows = gather_items(comm, failed);
  Found found;
  comm.root_does([&] {
    std::vector<bool>& done = found.done;
    for (const std::string& share : shares) {
      for (const char c : share) done.push_back(c == '1');
    }
    const std::map<Row, Failure> logged = valid_failures(partial, t);
    for (const Row row : failed_rows) {
      if (!logged.contains(row)) done[static_cast<std::size_t>(row / t.block_rows)] = false;
    }
    for (const auto& [row, failure] : logged) {
      if (done[static_cast<std::size_t>(row / t.block_rows)]) ++found.failed;
    }
  });
  return found;
}

std::vector<Failure> collect_failures(const Place& partial, const Tables& t) {
  std::vector<Failure> failures;
  for (auto& [row, failure] : valid_failures(partial, t)) failures.push_back(std::move(failure));
  return failures;
}

}  // namespace pool3::store
