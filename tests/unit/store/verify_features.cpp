// Damage is found: any flipped bit that a reader could see.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "support/store_sample.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

using test::Sample;
using test::slurp;
using test::spit;
using test::TemporaryFolder;
using testing::ElementsAre;

class StoreVerify : public testing::Test {
 protected:
  enum class Outcome { found, refused, unseen };

  void write(std::int64_t rows) {
    Sample(rows).write(comm_, path_);
    bytes_ = slurp(path_);
  }
  Outcome verify(const std::string& path) {
    try {
      return verify_features(comm_, path).problems.empty() ? Outcome::unseen : Outcome::found;
    } catch (const Error& error) {
      EXPECT_TRUE(error.collective()) << error.what();
      return Outcome::refused;
    }
  }
  /// Flips one bit of the file in place, verifies, and flips it back.
  Outcome verify_flipped(std::size_t bit) {
    const auto put = [&](unsigned char byte) {
      std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
      file.seekp(static_cast<std::streamoff>(bit / 8));
      file.put(static_cast<char>(byte));
    };
    const auto sound = static_cast<unsigned char>(bytes_[bit / 8]);
    put(static_cast<unsigned char>(sound ^ (1U << (bit % 8))));
    const Outcome outcome = verify(path_);
    put(sound);
    return outcome;
  }
  /// Replaces the only occurrence of `from`, and verifies.
  VerifyReport after(const std::string& from, const std::string& to) {
    std::string damaged = bytes_;
    const std::size_t at = damaged.find(from);
    EXPECT_NE(at, std::string::npos);
    damaged.replace(at, from.size(), to);
    spit(flipped_, damaged);
    return verify_features(comm_, flipped_);
  }

  Communicator comm_ = Communicator::world();
  TemporaryFolder folder_;
  const std::string path_ = folder_ / "f.h5";
  const std::string flipped_ = folder_ / "flipped.h5";
  std::string bytes_;
};

TEST_F(StoreVerify, a_sound_file_has_no_problems) {
  write(23);
  const VerifyReport report = verify_features(comm_, path_);
  EXPECT_THAT(report.problems, ElementsAre());
  EXPECT_EQ(report.rows, 23);
  EXPECT_EQ(report.done, 20);
  EXPECT_EQ(report.failed, 3);
  EXPECT_EQ(report.blocks, 6);
  EXPECT_GT(report.bytes, 23 * 8192);
}

TEST_F(StoreVerify, names_the_rows_of_a_damaged_feature) {
  write(11);
  const float value = Sample::feature(5, 77);
  const std::string pattern(reinterpret_cast<const char*>(&value), sizeof value);
  EXPECT_THAT(after(pattern, std::string(4, '\1')).problems, ElementsAre("rows 4 to 7: wrong checksum"));
  const FeatureReader reader(flipped_);
  std::vector<float> features(4 * 2048);
  reader.read_blocks(0, 1, features);
  EXPECT_THROW(reader.read_blocks(1, 2, features), Error);
}

TEST_F(StoreVerify, finds_a_changed_key_path_class_and_attribute) {
  write(11);
  EXPECT_THAT(after(to_hex(Sample::key(9)), std::string(32, '0')).problems,
              ElementsAre("keys: wrong checksum", "rows 8 to 10: wrong checksum"));
  EXPECT_THAT(after("baby_shoe", "lady_shoe").problems, ElementsAre("classes: wrong checksum"));
  EXPECT_THAT(after("shoes/xxxx4_", "shoes/xxxx5_").problems, ElementsAre("paths: wrong checksum"));
  EXPECT_THROW(after("{\"batch\": 16}", "{\"batch\": 32}"), Error);
}

TEST_F(StoreVerify, finds_failures_that_the_rows_do_not_know) {
  write(9);
  const std::string entry = std::string("\3\0\0\0\0\0\0\0", 8) + "shoes/xxx3_";
  EXPECT_THAT(after(entry, std::string("\6\0\0\0\0\0\0\0", 8) + "shoes/xxx3_").problems,
              ElementsAre("failures: wrong checksum", "failures: row 6 has another status in the rows",
                          "failures: row 6 has another path in the rows"));
}

TEST_F(StoreVerify, finds_failed_rows_that_nothing_is_said_of) {
  const Sample sample(9);
  FeatureWriter writer = FeatureWriter::open(comm_, path_, sample.spec());
  for (std::int64_t b = 0; b < writer.blocks(); ++b) sample.write_block(writer, b, {});
  writer.finish(comm_);
  EXPECT_THAT(verify_features(comm_, path_).problems, ElementsAre("failures: 0 entries for 1 failed rows"));
}

TEST_F(StoreVerify, refuses_what_it_can_not_open) {
  write(5);
  EXPECT_THROW(static_cast<void>(verify_features(comm_, folder_ / "none.h5")), Error);
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{96}, std::size_t{800}, std::size_t{3000},
                                 bytes_.size() / 2, bytes_.size() - 1}) {
    spit(flipped_, bytes_.substr(0, size));
    EXPECT_EQ(verify(flipped_), Outcome::refused) << size << " bytes of " << bytes_.size();
  }
}

TEST_F(StoreVerify, random_flips_are_all_found) {
  write(5);
  std::mt19937_64 random(20240501);
  for (int i = 0; i < 300; ++i) {
    const std::size_t bit = random() % (bytes_.size() * 8);
    EXPECT_NE(verify_flipped(bit), Outcome::unseen) << "bit " << bit;
  }
  EXPECT_EQ(verify(path_), Outcome::unseen) << "the flips were not undone";
}

TEST_F(StoreVerify, every_flip_outside_the_features_is_found) {
  write(2);
  const float value = Sample::feature(0, 1);
  const std::size_t features = bytes_.find(std::string(reinterpret_cast<const char*>(&value), sizeof value)) - 4;
  const std::size_t end = features + 2 * 8192;
  ASSERT_LT(end, bytes_.size());
  // One bit of each byte, a different one from byte to byte: HDF5's structure, attributes, small tables, the seal.
  for (std::size_t byte = 0; byte < bytes_.size(); byte += byte + 1 == features ? 2 * 8192 + 1 : 1) {
    ASSERT_NE(verify_flipped(byte * 8 + byte * 5 % 8), Outcome::unseen) << "byte " << byte;
  }
}

}  // namespace
}  // namespace pool3
