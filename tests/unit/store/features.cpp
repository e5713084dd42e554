// The feature file: what goes in comes out, and nothing else is taken for one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "pool3/numbers.hpp"
#include "pool3/store/maintenance.hpp"
#include "support/error_of.hpp"
#include "support/store_sample.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

using test::Sample;
using test::slurp;
using test::spit;
using test::TemporaryFolder;
using testing::HasSubstr;

/// The line of the error that `action` throws.
template <typename Action>
std::string line_of(Action&& action) {
  return test::error_of(std::forward<Action>(action)).line;
}

std::string read_error(const std::string& path) {
  return line_of([&] { FeatureReader reader(path); });
}

class StoreFeatures : public testing::Test {
 protected:
  Communicator comm_ = Communicator::world();
  TemporaryFolder folder_;
  const std::string path_ = folder_ / "f.h5";
};

void expect_same(const FeatureReader& reader, const Sample& sample) {
  ASSERT_EQ(reader.rows(), sample.rows);
  EXPECT_EQ(reader.block_rows(), sample.block_rows);
  EXPECT_EQ(reader.root(), "/data/shop");
  EXPECT_EQ(reader.classes(), sample.classes);
  EXPECT_EQ(reader.provenance(), sample.provenance);
  EXPECT_EQ(reader.labels(), sample.labels);
  EXPECT_EQ(reader.paths({0, sample.rows}), sample.paths);
  const auto keys = reader.keys();
  const auto status = reader.status();
  std::vector<float> features(static_cast<std::size_t>(sample.rows * sample.width));
  reader.read_blocks(0, reader.blocks(), features);
  std::size_t at = 0;
  for (Row r = 0; r < sample.rows; ++r) {
    EXPECT_EQ(keys[static_cast<std::size_t>(r)], Sample::key(r));
    EXPECT_EQ(status[static_cast<std::size_t>(r)], Sample::status(r));
    for (std::int64_t c = 0; c < sample.width; ++c, ++at)
      ASSERT_EQ(features[at], Sample::feature(r, c)) << r << " " << c;
  }
}

TEST_F(StoreFeatures, come_back_as_they_were) {
  const Sample sample(23);
  sample.write(comm_, path_);
  const FeatureReader reader(path_);
  expect_same(reader, sample);
  const auto failures = reader.failures();
  ASSERT_EQ(failures.size(), 3U);  // rows 3, 10, 17
  for (std::size_t i = 0; i < 3; ++i) {
    const Row row = 3 + 7 * static_cast<Row>(i);
    EXPECT_EQ(failures[i].row, row);
    EXPECT_EQ(failures[i].status, RowStatus::corrupt);
    EXPECT_EQ(failures[i].path, sample.paths[static_cast<std::size_t>(row)]);
    EXPECT_EQ(failures[i].message, "bad Huffman code in row " + std::to_string(row));
  }
  EXPECT_FALSE(std::filesystem::exists(path_ + ".partial"));
}

TEST_F(StoreFeatures, blocks_are_read_one_by_one) {
  const Sample sample(10);
  sample.write(comm_, path_);
  const FeatureReader reader(path_);
  ASSERT_EQ(reader.blocks(), 3);
  EXPECT_EQ(reader.block(2), (RowRange{8, 10}));
  std::vector<float> features(2 * 2048);
  reader.read_blocks(2, 3, features);
  EXPECT_EQ(features[0], Sample::feature(8, 0));
  EXPECT_EQ(features.back(), Sample::feature(9, 2047));
  EXPECT_EQ(reader.paths({8, 9}), std::vector<std::string>{sample.paths[8]});
  EXPECT_THAT(line_of([&] { reader.read_blocks(2, 4, features); }), HasSubstr("no blocks 2 to 4"));
  EXPECT_THAT(line_of([&] { reader.read_blocks(1, 2, features); }), HasSubstr("do not fit"));
}

TEST_F(StoreFeatures, may_have_no_rows_no_classes_and_no_labels) {
  Sample none(0);
  none.classes.clear();
  none.write(comm_, path_);
  expect_same(FeatureReader(path_), none);
  EXPECT_TRUE(FeatureReader(path_).failures().empty());
  Sample unlabelled(5);
  unlabelled.classes.clear();
  unlabelled.labels.assign(5, -1);
  unlabelled.provenance.weights_source = "";
  unlabelled.write(comm_, path_);
  expect_same(FeatureReader(path_), unlabelled);
  EXPECT_TRUE(verify_features(comm_, path_).problems.empty());
}

TEST_F(StoreFeatures, paths_may_hold_any_bytes) {
  Sample sample(4);
  sample.paths = {"\xff\xfe latin \xe9.jpg", std::string(4096, 'p'), " ends in space ", "new\nline"};
  sample.write(comm_, path_);
  EXPECT_EQ(FeatureReader(path_).paths({0, 4}), sample.paths);
  EXPECT_TRUE(verify_features(comm_, path_).problems.empty());
}

TEST_F(StoreFeatures, writer_gives_paths_back_before_the_end) {
  const Sample sample(9);
  const FeatureWriter writer = FeatureWriter::open(comm_, path_, sample.spec());
  EXPECT_EQ(writer.rows(), 9);
  EXPECT_EQ(writer.blocks(), 3);
  EXPECT_EQ(writer.root(), "/data/shop");
  EXPECT_EQ(writer.paths({4, 6}), (std::vector<std::string>{sample.paths[4], sample.paths[5]}));
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_TRUE(std::filesystem::exists(path_ + ".partial"));
}

TEST_F(StoreFeatures, same_input_gives_the_same_bytes) {
  const Sample sample(23);
  sample.write(comm_, path_);
  sample.write(comm_, folder_ / "again.h5");
  EXPECT_TRUE(slurp(path_) == slurp(folder_ / "again.h5"));
}

TEST_F(StoreFeatures, a_left_over_partial_file_is_replaced) {
  spit(path_ + ".partial", "rubbish of a killed job");
  const Sample sample(5);
  sample.write(comm_, path_);
  expect_same(FeatureReader(path_), sample);
}

TEST_F(StoreFeatures, an_old_file_stays_until_the_new_one_is_complete) {
  const Sample old(5);
  old.write(comm_, path_);
  const Sample next(9);
  FeatureWriter writer = FeatureWriter::open(comm_, path_, next.spec());
  for (std::int64_t b = 0; b < writer.blocks(); ++b) next.write_block(writer, b);
  expect_same(FeatureReader(path_), old);
  writer.finish(comm_);
  expect_same(FeatureReader(path_), next);
}

TEST_F(StoreFeatures, finish_refuses_rows_that_were_never_written) {
  const Sample sample(9);
  FeatureWriter writer = FeatureWriter::open(comm_, path_, sample.spec());
  sample.write_block(writer, 0);
  sample.write_block(writer, 2);
  EXPECT_THAT(line_of([&] { writer.finish(comm_); }), HasSubstr("row 4 was never written"));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(StoreFeatures, write_block_refuses_wrong_shapes) {
  const Sample sample(9);
  FeatureWriter writer = FeatureWriter::open(comm_, path_, sample.spec());
  const std::vector<float> features(4 * 2048);
  const std::vector<ImageKey> keys(4);
  const std::vector<RowStatus> status(4, RowStatus::done);
  EXPECT_THAT(line_of([&] { writer.write_block(3, features, keys, status, {}); }), HasSubstr("no block 3"));
  EXPECT_THAT(line_of([&] { writer.write_block(2, features, keys, status, {}); }), HasSubstr("block 2 has 1 rows"));
  EXPECT_THAT(line_of([&] { writer.write_block(0, std::span(features).first(256), keys, status, {}); }),
              HasSubstr("block 0 has 8192 features (4 x 2048), not 256"));
}

TEST_F(StoreFeatures, rows_may_have_any_width) {
  for (const std::int64_t width : {1, 64, 5000}) {
    Sample sample(23);
    sample.width = width;
    sample.write(comm_, path_);
    const FeatureReader reader(path_);
    EXPECT_EQ(reader.width(), width);
    expect_same(reader, sample);
    EXPECT_TRUE(verify_features(comm_, path_).problems.empty());
  }
  Sample none(3);
  none.width = 0;
  EXPECT_THAT(line_of([&] { none.write(comm_, folder_ / "none.h5"); }), HasSubstr("a row must have from 1 to"));
}

TEST_F(StoreFeatures, halves_are_read_as_they_are_stored) {
  Sample sample(11);
  sample.width = 64;
  sample.type = FeatureType::float16;
  sample.write(comm_, path_);
  const FeatureReader reader(path_);
  std::vector<std::uint16_t> halves(static_cast<std::size_t>(11 * 64));
  reader.read_stored(0, reader.blocks(), std::as_writable_bytes(std::span(halves)));
  std::vector<float> floats(halves.size());
  reader.read_blocks(0, reader.blocks(), floats);
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const auto row = static_cast<Row>(i) / 64;
    ASSERT_EQ(halves[i], half_of_float(Sample::feature(row, static_cast<std::int64_t>(i) % 64)));
    ASSERT_EQ(floats[i], float_of_half(halves[i]));
  }
  EXPECT_THAT(line_of([&] { reader.read_stored(0, 1, std::as_writable_bytes(std::span(halves))); }),
              HasSubstr("rows 0 to 3 do not fit into 1408 bytes"));
}

TEST_F(StoreFeatures, files_of_another_width_are_not_mixed) {
  Sample wide(9), narrow(9);
  narrow.width = 64;
  for (Sample* sample : {&wide, &narrow}) std::ranges::sort(sample->paths);  // as those of any catalogue are
  wide.write(comm_, path_);
  narrow.write(comm_, folder_ / "narrow.h5");
  EXPECT_THAT(line_of([&] { static_cast<void>(diff_features(comm_, path_, folder_ / "narrow.h5")); }),
              HasSubstr("width: 64 here, 2048 there"));
  EXPECT_EQ(diff_features(comm_, path_, folder_ / "narrow.h5", false).changed, 0);
  const FeatureWriter begun = FeatureWriter::open(comm_, folder_ / "begun.h5", wide.spec());
  std::filesystem::copy_file(folder_ / "begun.h5.partial", folder_ / "copy.h5.partial");
  EXPECT_THAT(line_of([&] { static_cast<void>(FeatureWriter::open(comm_, folder_ / "copy.h5", narrow.spec())); }),
              HasSubstr("is of another job: width: 64 here, 2048 there"));
  std::vector<std::string> parts;
  for (const Sample* sample : {&wide, &narrow}) {
    FeatureSpec spec = sample->spec();
    spec.part = static_cast<std::int64_t>(parts.size()) + 1;
    spec.parts = 2;
    parts.push_back(folder_ / ("part" + std::to_string(spec.part)));
    FeatureWriter writer = FeatureWriter::open(comm_, parts.back(), spec);
    for (std::int64_t b = 0; b < writer.blocks(); ++b) sample->write_block(writer, b);
    writer.finish(comm_);
  }
  EXPECT_THAT(line_of([&] { link_features(folder_ / "link.h5", parts); }), HasSubstr("width: 64 here, 2048 there"));
}

TEST_F(StoreFeatures, create_fails_at_once_where_nothing_can_be_written) {
  const Sample sample(3);
  const auto create = [&](const std::string& path) {
    return line_of([&] { static_cast<void>(FeatureWriter::open(comm_, path, sample.spec())); });
  };
  EXPECT_THAT(create(folder_ / "no/such/f.h5"),
              testing::AllOf(HasSubstr("write features: "), HasSubstr("/no/such does not exist")));
  EXPECT_THAT(create(folder_.path()), HasSubstr("is a folder"));
  spit(folder_ / "file", "x");
  EXPECT_THAT(create(folder_ / "file/f.h5"), HasSubstr("file"));
  EXPECT_THAT(create("/proc/f.h5"), HasSubstr("write features: "));
  Sample huge(3);
  FeatureSpec spec = huge.spec();
  spec.labels = {};
  EXPECT_THAT(line_of([&] { static_cast<void>(FeatureWriter::open(comm_, path_, spec)); }),
              HasSubstr("0 labels for 3 rows"));
}

TEST_F(StoreFeatures, each_wrong_file_has_its_own_message) {
  Sample(5).write(comm_, path_);
  EXPECT_THAT(read_error(folder_ / "none.h5"), HasSubstr("No such file"));
  EXPECT_THAT(read_error(folder_.path()), HasSubstr("is a folder"));
  spit(folder_ / "text", "hello");
  EXPECT_THAT(read_error(folder_ / "text"), HasSubstr("is not an HDF5 file"));
  spit(folder_ / "empty", "");
  EXPECT_THAT(read_error(folder_ / "empty"), HasSubstr("is not an HDF5 file"));
  const std::string whole = slurp(path_);
  spit(folder_ / "cut.h5", whole.substr(0, whole.size() / 2));
  EXPECT_THAT(read_error(folder_ / "cut.h5"), HasSubstr("bytes, not " + std::to_string(whole.size())));
  spit(folder_ / "long.h5", whole + "x");
  EXPECT_THAT(read_error(folder_ / "long.h5"), HasSubstr("bytes, not " + std::to_string(whole.size())));
  spit(folder_ / "other.h5", whole.substr(512));
  EXPECT_THAT(read_error(folder_ / "other.h5"), HasSubstr("is an HDF5 file, but not a pool3 features file"));
  std::string newer = whole;
  newer[32] = 2;
  spit(folder_ / "newer.h5", newer);
  EXPECT_THAT(read_error(folder_ / "newer.h5"), HasSubstr("format version 2 is newer than 1 (use a newer pool3)"));
}

TEST_F(StoreFeatures, an_unfinished_file_is_refused_with_advice) {
  const Sample sample(5);
  const FeatureWriter writer = FeatureWriter::open(comm_, path_, sample.spec());
  EXPECT_THAT(read_error(path_), HasSubstr("run the same command again"));
  std::filesystem::copy_file(path_ + ".partial", folder_ / "copy.h5");
  EXPECT_THAT(read_error(folder_ / "copy.h5"), HasSubstr("is not complete (its job has not finished"));
}

TEST_F(StoreFeatures, long_messages_are_cut_to_one_line) {
  const Sample sample(4);
  FeatureWriter writer = FeatureWriter::open(comm_, path_, sample.spec());
  Failure failure = sample.failure(3);
  failure.message = "two\nlines " + std::string(488, 'm') + "\xc3\xbc and more";
  sample.write_block(writer, 0, {failure});
  writer.finish(comm_);
  EXPECT_EQ(FeatureReader(path_).failures().at(0).message, "two\\nlines " + std::string(488, 'm'));
}

TEST_F(StoreFeatures, kinds_of_files_are_told_apart) {
  Sample(3).write(comm_, path_);
  spit(folder_ / "text", "hello");
  EXPECT_EQ(kind_of_file(path_), "features");
  EXPECT_EQ(kind_of_file(folder_ / "text"), "");
  EXPECT_EQ(kind_of_file(folder_ / "none"), "");
  EXPECT_EQ(kind_of_file(folder_.path()), "");
}

TEST(StoreKind, differs_only_by_what_changes_rows) {
  const Provenance a = Sample(1).provenance;
  Provenance b = a;
  b.version = "9";
  b.config = "{}";
  EXPECT_EQ(kind_difference(a, b), "");
  b.precision = "bf16";
  EXPECT_EQ(kind_difference(b, a), "precision: bf16 here, fp32 there");
}

}  // namespace
}  // namespace pool3
