// A file that a job has left unfinished: what is kept, what is redone, and what is refused.

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <limits>

#include "store/features/failure_log.hpp"
#include "store/integrity/checksum.hpp"
#include "store/integrity/lock.hpp"
#include "support/error_of.hpp"
#include "support/store_sample.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

using test::Sample;
using test::slurp;
using test::spit;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

class StoreResume : public testing::Test {
 protected:
  /// Begins a file and leaves it with these blocks written.
  void leave(const Sample& sample, const std::vector<std::int64_t>& blocks) {
    FeatureWriter writer = FeatureWriter::open(comm_, path_, sample.spec());
    for (const std::int64_t b : blocks) sample.write_block(writer, b);
  }
  std::vector<bool> done_of(const FeatureSpec& spec) { return FeatureWriter::open(comm_, path_, spec).done(); }
  /// Goes on with the file to its end.
  void go_on(const Sample& sample) {
    FeatureWriter writer = FeatureWriter::open(comm_, path_, sample.spec());
    for (std::int64_t b = 0; b < writer.blocks(); ++b) {
      if (!writer.done().at(static_cast<std::size_t>(b))) sample.write_block(writer, b);
    }
    writer.finish(comm_);
  }
  std::string undisturbed(const Sample& sample) {
    sample.write(comm_, folder_ / "undisturbed.h5");
    return slurp(folder_ / "undisturbed.h5");
  }
  std::string refusal(const FeatureSpec& spec) {
    return test::error_of([&] { return FeatureWriter::open(comm_, path_, spec); }).line;
  }
  /// Changes one byte of the unfinished file, at the first occurrence of `pattern`.
  void damage(const std::string& pattern) {
    std::string bytes = slurp(partial_);
    const std::size_t at = bytes.find(pattern);
    ASSERT_NE(at, std::string::npos);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    spit(partial_, bytes);
  }

  Communicator comm_ = Communicator::world();
  TemporaryFolder folder_;
  const std::string path_ = folder_ / "f.h5";
  const std::string partial_ = path_ + ".partial";
};

TEST_F(StoreResume, written_blocks_are_kept) {
  const Sample sample(23);
  leave(sample, {0, 2, 5});
  EXPECT_THAT(done_of(sample.spec()), ElementsAre(true, false, true, false, false, true));
  go_on(sample);
  EXPECT_TRUE(slurp(path_) == undisturbed(sample));
  EXPECT_FALSE(std::filesystem::exists(partial_));
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
    names.push_back(entry.path().filename());
  EXPECT_THAT(names, testing::UnorderedElementsAre("f.h5", "undisturbed.h5"));
}

TEST_F(StoreResume, half_floats_too) {
  const Sample sample(23);
  FeatureSpec spec = sample.spec();
  spec.type = FeatureType::float16;
  {
    FeatureWriter writer = FeatureWriter::open(comm_, path_, spec);
    sample.write_block(writer, 1);
  }
  FeatureWriter writer = FeatureWriter::open(comm_, path_, spec);
  EXPECT_THAT(writer.done(), ElementsAre(false, true, false, false, false, false));
  for (const std::int64_t b : {0, 2, 3, 4, 5}) sample.write_block(writer, b);
  writer.finish(comm_);
  const FeatureReader reader(path_);
  EXPECT_EQ(reader.type(), FeatureType::float16);
  std::vector<float> features(4 * 2048);
  reader.read_blocks(1, 2, features);
  for (std::int64_t c = 0; c < 2048; ++c)
    ASSERT_NEAR(features[static_cast<std::size_t>(c)], Sample::feature(4, c), 0.0005F);
  EXPECT_TRUE(verify_features(comm_, path_).problems.empty());
}

TEST_F(StoreResume, a_block_with_a_wrong_checksum_is_redone) {
  const Sample sample(23);
  leave(sample, {0, 1, 2, 3, 4, 5});
  const float value = Sample::feature(9, 100);
  damage(std::string(reinterpret_cast<const char*>(&value), sizeof value));
  EXPECT_THAT(done_of(sample.spec()), ElementsAre(true, true, false, true, true, true));
  go_on(sample);
  EXPECT_TRUE(slurp(path_) == undisturbed(sample));
}

TEST_F(StoreResume, a_failed_row_without_a_reason_is_redone) {
  const Sample sample(23);
  leave(sample, {0, 1, 2});  // rows 3 and 10 fail, in blocks 0 and 2
  const std::string log = partial_ + ".failures-0";
  std::string records = slurp(log);
  spit(log, records.substr(0, records.size() - 1));  // the last record is torn
  EXPECT_THAT(done_of(sample.spec()), ElementsAre(true, true, false, false, false, false));
  go_on(sample);
  EXPECT_TRUE(slurp(path_) == undisturbed(sample));
  std::filesystem::remove(path_);
  leave(sample, {0, 1, 2});
  std::filesystem::remove(log);
  EXPECT_THAT(done_of(sample.spec()), ElementsAre(false, true, false, false, false, false));
}

TEST_F(StoreResume, other_jobs_are_refused_by_name) {
  const Sample sample(9);
  leave(sample, {0});
  const std::string before = slurp(partial_);
  const auto changed = [&](auto change) {
    Sample other(9);
    change(other);
    return refusal(other.spec());
  };
  EXPECT_THAT(
      changed([](Sample& s) { s.provenance.weights_sha256 = "b"; }),
      HasSubstr("is of another job: weights_sha256: b here, " + std::string(64, 'a') + " there (run the command"));
  EXPECT_THAT(changed([](Sample& s) { s.provenance.profile = "keras"; }),
              HasSubstr("profile: keras here, nsfwjs there"));
  EXPECT_THAT(changed([](Sample& s) { s.provenance.precision = "bf16"; }), HasSubstr("precision: bf16 here, fp32"));
  EXPECT_THAT(changed([](Sample& s) { s.provenance.catalogue_hash = "d"; }), HasSubstr("catalogue_hash: d here"));
  EXPECT_THAT(changed([](Sample& s) { s.provenance.labels = "none"; }), HasSubstr("labels: none here, directory"));
  EXPECT_THAT(changed([](Sample& s) { s.provenance.version = "9"; }), HasSubstr("version: 9 here, 0.1.0 there"));
  EXPECT_THAT(changed([](Sample& s) { s.labels[1] = 2; }), HasSubstr("the labels of the rows"));
  EXPECT_THAT(changed([](Sample& s) { s.block_rows = 3; }), HasSubstr("rows of a block: 3 here, 4 there"));
  FeatureSpec half = sample.spec();
  half.type = FeatureType::float16;
  EXPECT_THAT(refusal(half), HasSubstr("features: float16 here, float32 there"));
  FeatureSpec own = sample.spec();
  own.difference = [](const Provenance& there) { return "batch was " + there.config; };
  EXPECT_THAT(refusal(own), HasSubstr("batch was {\"batch\": 16}"));
  EXPECT_TRUE(slurp(partial_) == before);
  go_on(sample);
}

TEST_F(StoreResume, a_file_from_the_future_is_refused_and_left_alone) {
  const Sample sample(9);
  leave(sample, {0});
  std::string bytes = slurp(partial_);
  bytes[32] = 9;
  spit(partial_, bytes);
  EXPECT_THAT(refusal(sample.spec()), HasSubstr("format version 9 is newer than 1 (use a newer pool3)"));
  EXPECT_TRUE(slurp(partial_) == bytes);
}

TEST_F(StoreResume, a_job_at_work_is_named) {
  const Sample sample(9);
  const FeatureWriter writer = FeatureWriter::open(comm_, path_, sample.spec());
  const std::string refused = refusal(sample.spec());
  EXPECT_THAT(refused, HasSubstr("is being made by another job: host "));
  EXPECT_THAT(refused, HasSubstr("pid " + std::to_string(getpid())));
  EXPECT_THAT(slurp(path_ + ".lock"), HasSubstr("pid " + std::to_string(getpid())));
}

TEST_F(StoreResume, a_dead_owner_holds_nothing) {
  const Sample sample(9);
  spit(path_ + ".lock", "host elsewhere\njob 77\npid 1\n");
  sample.write(comm_, path_);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".lock"));
}

TEST_F(StoreResume, planted_links_are_not_followed) {
  const Sample sample(9);
  for (const char* name : {".lock", ".partial", ".partial.undo", ".partial.failures-0"}) {
    SCOPED_TRACE(name);
    leave(sample, {0, 1});  // row 3 failed, so there is a log
    std::filesystem::remove(path_ + name);
    spit(folder_ / "victim", "precious");
    std::filesystem::create_symlink("victim", path_ + name);
    EXPECT_THAT(refusal(sample.spec()), HasSubstr(path_ + name + ": is a symbolic link (remove it, or write to"));
    EXPECT_EQ(slurp(folder_ / "victim"), "precious");
    std::filesystem::remove(path_ + name);
    go_on(sample);
    EXPECT_TRUE(slurp(path_) == undisturbed(sample));
    std::filesystem::remove(path_);
  }
}

/// The bytes with the XXH3-64 of all of them behind.
std::string sealed(std::string bytes) {
  store::Checksum checksum;
  checksum.add(bytes);
  const std::uint64_t value = checksum.value();
  return bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string numbers(std::initializer_list<std::int64_t> values) {
  std::string bytes;
  for (const std::int64_t value : values) bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  return bytes;
}

/// A record of a failure log around these bytes.
std::string record(const std::string& bytes) {
  const std::string checked = sealed(bytes);
  return numbers({static_cast<std::int64_t>(bytes.size())}) + checked.substr(bytes.size()) + bytes;
}

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();

TEST_F(StoreResume, a_failure_log_with_wrong_lengths_ends_there) {
  const Sample sample(23);
  leave(sample, {0, 1, 2});  // rows 3 and 10 fail, in blocks 0 and 2
  const std::string log = partial_ + ".failures-0";
  const std::string records = slurp(log);
  const std::vector<std::string> bad = {"x",
                                        numbers({3}),
                                        numbers({3, 5}),
                                        numbers({3, 5, huge}),
                                        numbers({3, 5, -1}),
                                        numbers({3, 5, 4}) + "four",
                                        numbers({3, 5, 0, huge - 7}),
                                        numbers({3, 5, 0, -8}),
                                        numbers({3, 99, 0, 0}),
                                        numbers({3, -1, 0, 0}),
                                        numbers({3, 0, 0, 0}),
                                        numbers({3, 1, 0, 0}),
                                        numbers({3, 5, 0, 1})};
  for (const std::string& entry : bad) {
    spit(log, fmt::format("{}{}{}", records, record(entry), records));
    EXPECT_THAT(done_of(sample.spec()), ElementsAre(true, true, true, false, false, false));
    EXPECT_TRUE(slurp(log) == records);  // cut off where it goes on
  }
  for (const std::int64_t bytes : {huge, std::int64_t{-1}, std::int64_t{1} << 40, std::int64_t{0}}) {
    spit(log, numbers({bytes, 0}) + records);
    EXPECT_THAT(done_of(sample.spec()), ElementsAre(false, true, false, false, false, false));
    spit(log, records);
  }
  go_on(sample);
  EXPECT_TRUE(slurp(path_) == undisturbed(sample));
}

TEST_F(StoreResume, a_log_of_many_failures_has_records_that_are_read) {
  const Place partial{"test", partial_};
  std::vector<Failure> failures;
  for (Row row = 0; row < 40; ++row) {
    failures.push_back({row, RowStatus::corrupt, std::string(std::size_t{1} << 20, 'p'), "m"});
  }
  store::FailureLog(partial, 0).append(failures, false);
  store::FailureLog(partial, 0).append({{99, RowStatus::missing, "last", "gone"}}, true);
  const auto found = store::read_failure_logs(partial);
  ASSERT_EQ(found.size(), 41U);
  EXPECT_EQ(found[17].row, 17);
  EXPECT_EQ(found[17].path.size(), std::size_t{1} << 20);
  EXPECT_EQ(found[40].message, "gone");
}

TEST_F(StoreResume, an_undo_file_with_wrong_numbers_is_refused_and_changes_nothing) {
  const Sample sample(9);
  leave(sample, {0});
  const std::string before = slurp(partial_);
  const auto size = static_cast<std::int64_t>(before.size());
  const std::string undo = partial_ + ".undo";
  const std::string four = "four";
  const std::vector<std::string> bad = {"",
                                        "x",
                                        std::string(15, '\0'),
                                        sealed(""),
                                        sealed(numbers({size})),
                                        sealed(numbers({size, 1})),
                                        sealed(numbers({size, huge})),
                                        sealed(numbers({size, -1})),
                                        sealed(numbers({size, std::int64_t{1} << 60})),
                                        sealed(numbers({-1, 0})),
                                        sealed(numbers({size, 1, 0, huge})),
                                        sealed(numbers({size, 1, -4, 4}) + four),
                                        sealed(numbers({size, 1, size, 4}) + four),
                                        sealed(numbers({size, 1, 0, 5}) + four),
                                        sealed(numbers({size, 1, 0, 3}) + four),
                                        sealed(numbers({size, 2, 4, 2, 0, 2}) + four),
                                        sealed(numbers({size, 2, 0, -4, 0, 8}) + four),
                                        sealed(numbers({huge, 1, 0, 4}) + four),
                                        sealed(numbers({size + 1, 1, 0, 4}) + four),
                                        numbers({size, 1, 0, 4}) + four + "checksum"};
  for (const std::string& bytes : bad) {
    spit(undo, bytes);
    EXPECT_THAT(refusal(sample.spec()), HasSubstr(undo + ": ")) << testing::PrintToString(bytes);
    EXPECT_TRUE(slurp(partial_) == before);
  }
  spit(undo, sealed(numbers({size, 1, 0, 4}) + before.substr(0, 4)));
  go_on(sample);
  EXPECT_TRUE(slurp(path_) == undisturbed(sample));
}

TEST_F(StoreResume, what_a_lock_says_is_printable_and_short) {
  const store::LockOwner owner = store::parse_owner("pid 7 host \x1b[31mred\a job " + std::string(9000, 'j'));
  EXPECT_EQ(owner.pid, "7");
  EXPECT_EQ(owner.host, "\\x1b[31mred\\x07");
  EXPECT_EQ(owner.job.size(), 64U);
  EXPECT_EQ(store::parse_owner("job " + std::string(9000, '\a')).job.size(), 256U);
  EXPECT_EQ(store::parse_owner("host").host, "unknown");
  EXPECT_EQ(store::parse_owner("").pid, "unknown");
}

TEST_F(StoreResume, leftovers_of_a_finished_job_go_away) {
  const Sample sample(9);
  sample.write(comm_, path_);
  spit(partial_ + ".undo", "x");
  spit(partial_ + ".failures-3", "x");
  remove_leftovers(path_);
  EXPECT_FALSE(std::filesystem::exists(partial_ + ".undo"));
  EXPECT_FALSE(std::filesystem::exists(partial_ + ".failures-3"));
  EXPECT_TRUE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace pool3
