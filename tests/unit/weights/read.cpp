#include <cstring>
#include <limits>

#include "support/network_fixtures.hpp"

namespace pool3::weights {
namespace {

using test::error_of;
using test::made_up_weights;
using test::slurp;
using test::TemporaryFolder;

void expect_equal(const Weights& a, const Weights& b) {
  EXPECT_EQ(a.source, b.source);
  EXPECT_EQ(a.traits.average_pool_counts_padding, b.traits.average_pool_counts_padding);
  EXPECT_EQ(a.traits.max_pool_in_7c, b.traits.max_pool_in_7c);
  EXPECT_EQ(a.traits.profile, b.traits.profile);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    EXPECT_EQ(tensor.shape, b.tensors.at(name).shape) << name;
    EXPECT_EQ(tensor.values, b.tensors.at(name).values) << name;
  }
}

TEST(Weights, ComeBackAsWritten) {
  const TemporaryFolder folder;
  Weights weights = made_up_weights();
  weights.traits = {.average_pool_counts_padding = true, .max_pool_in_7c = true, .profile = InputProfile::nsfwjs};
  weights.source = "quotes \" and \xc3\xa9";
  write_weights(weights, folder.path("w.safetensors"));
  const Weights read = read_weights(folder.path("w.safetensors"));
  expect_equal(weights, read);
  EXPECT_EQ(read.sha256, sha256_of_file(folder.path("w.safetensors")));
}

TEST(Weights, GiveTheSameBytesEveryTime) {
  const TemporaryFolder folder;
  write_weights(made_up_weights(), folder.path("a"));
  write_weights(read_weights(folder.path("a")), folder.path("b"));
  EXPECT_TRUE(slurp(folder.path("a")) == slurp(folder.path("b")));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2) << "a temporary file is left";
}

// Another reader: what the file format's own description says, no code of the reader.
TEST(Weights, FileIsPlainSafetensors) {
  const TemporaryFolder folder;
  const Weights weights = made_up_weights();
  write_weights(weights, folder.path("w"));
  const std::string bytes = slurp(folder.path("w"));
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  const std::string header = bytes.substr(8, length);
  EXPECT_EQ((8 + length) % 64, 0U);
  EXPECT_THAT(header, testing::HasSubstr(R"("format":"pool3")"));
  EXPECT_THAT(header, testing::HasSubstr(
                          R"("Conv2d_1a_3x3.weight":{"data_offsets":[128,3584],"dtype":"F32","shape":[32,3,3,3]})"));
  float first = 0;
  std::memcpy(&first, bytes.data() + 8 + length + 128, 4);
  EXPECT_EQ(first, weights.tensors.at("Conv2d_1a_3x3.weight").values[0]);
}

TEST(Weights, IncompleteOnesAreRefused) {
  const TemporaryFolder folder;
  Weights weights = made_up_weights();
  weights.tensors.erase("Mixed_7c.branch_pool.bias");
  EXPECT_THAT(error_of([&] { write_weights(weights, folder.path("w")); }).cause,
              testing::HasSubstr("Mixed_7c.branch_pool.bias"));
  EXPECT_THAT(error_of([&] { check_weights(weights, "w"); }).cause, testing::HasSubstr("Mixed_7c.branch_pool.bias"));
  EXPECT_FALSE(std::filesystem::exists(folder.path("w")));
}

TEST(Weights, WrongOnesAreRefused) {
  Weights weights = made_up_weights();
  auto& bias = weights.tensors.at("Conv2d_1a_3x3.bias");
  bias.values[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(error_of([&] { check_weights(weights, "w"); }).cause, testing::HasSubstr("not finite"));
  bias = {{16, 2}, std::vector<float>(32)};
  EXPECT_THAT(error_of([&] { check_weights(weights, "w"); }).cause, testing::HasSubstr("wrong shape"));
  bias = {{32}, std::vector<float>(31)};
  EXPECT_THAT(error_of([&] { check_weights(weights, "w"); }).cause, testing::HasSubstr("wrong shape"));
  bias = {{32}, std::vector<float>(32)};
  weights.tensors["AuxLogits.conv0.bias"] = {{1}, {0}};
  EXPECT_THAT(error_of([&] { check_weights(weights, "w"); }).cause, testing::HasSubstr("no Inception-v3 has"));
}

/// What reading a sound file says once `from`, in its header, is replaced by `to`, which is as long.
ErrorFields error_after_edit(const std::string& from, const std::string& to) {
  static const std::string sound = [] {
    const TemporaryFolder folder;
    write_weights(made_up_weights(), folder.path("w"));
    return slurp(folder.path("w"));
  }();
  const TemporaryFolder folder;
  std::string bytes = sound;
  const std::size_t at = bytes.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  EXPECT_EQ(from.size(), to.size());
  bytes.replace(at, from.size(), to);
  const std::string path = folder.write("edited", bytes);
  const ErrorFields& error = error_of([&] { (void)read_weights(path); });
  EXPECT_EQ(error.stage, "read weights");
  EXPECT_EQ(error.path, path);
  EXPECT_FALSE(error.advice.empty());
  return error;
}

TEST(Weights, UnknownMetadataIsRefused) {
  EXPECT_THAT(error_after_edit(R"("format":"pool3")", R"("format":"other")").cause,
              testing::HasSubstr("neither pool3"));
  EXPECT_THAT(error_after_edit(R"("format":)", R"("farmat":)").cause, testing::HasSubstr("neither pool3"));
  EXPECT_THAT(error_after_edit(R"("source":)", R"("saurce":)").cause, testing::HasSubstr("lacks 'source'"));
  EXPECT_THAT(error_after_edit(R"("format_version":"1")", R"("format_version":"2")").advice,
              testing::HasSubstr("newer"));
  EXPECT_THAT(error_after_edit(R"("profile":"nsfwjs")", R"("profile":"nsfwXX")").cause, testing::HasSubstr("nsfwXX"));
  EXPECT_THAT(error_after_edit(R"("max_pool_in_7c":"false")", R"("max_pool_in_7c":"maybe")").cause,
              testing::HasSubstr("max_pool_in_7c"));
  EXPECT_THAT(error_after_edit(R"("Mixed_7c.branch1x1.bias")", R"("Mixed_7c.branch2x2.bias")").cause,
              testing::HasSubstr("no tensor 'Mixed_7c.branch1x1.bias'"));
}

TEST(Weights, TruncatedFilesAreRefused) {
  const TemporaryFolder folder;
  write_weights(made_up_weights(), folder.path("w"));
  const std::string bytes = slurp(folder.path("w"));
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{8}, std::size_t{9}, std::size_t{1000},
                                 bytes.size() / 2, bytes.size() - 1}) {
    const std::string path = folder.write("short", bytes.substr(0, size));
    EXPECT_EQ(error_of([&] { (void)read_weights(path); }).path, path) << size;
  }
  const std::string longer = folder.write("long", bytes + "x");
  EXPECT_THAT(error_of([&] { (void)read_weights(longer); }).cause, testing::HasSubstr("after the last"));
}

TEST(Weights, OtherFilesAreRefused) {
  const TemporaryFolder folder;
  for (const char* bytes : {"GIF89a", "\x89PNG\r\n\x1a\n", "{\"a\":1}"}) {
    const std::string path = folder.write("other", bytes);
    EXPECT_THAT(error_of([&] { (void)read_weights(path); }).cause, testing::HasSubstr("known kind")) << bytes;
  }
  EXPECT_THAT(error_of([&] { (void)read_weights(folder.path("none")); }).cause, testing::HasSubstr("No such file"));
  EXPECT_THAT(error_of([&] { (void)read_weights(folder.path()); }).cause, testing::HasSubstr("model.json"));
  EXPECT_THAT(error_of([] { (void)read_weights("/dev/zero"); }).cause, testing::HasSubstr("regular file"));
}

TEST(Weights, AFailedWriteLeavesTheOldFile) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path("target/inside"));
  EXPECT_EQ(error_of([&] { write_weights(made_up_weights(), folder.path("target")); }).stage, "write weights");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

}  // namespace
}  // namespace pool3::weights
