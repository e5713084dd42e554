#include "weights/makers/torch/torch_file.hpp"

#include <array>

#include "support/network_fixtures.hpp"
#include "unit/weights/refusal.hpp"
#include "weights/containers/zip.hpp"
#include "weights/makers/torch/state_dict.hpp"

namespace pool3::weights {
namespace {

using namespace std::string_literals;
using test::slurp;
using testing::HasSubstr;

const std::string corpus = POOL3_SOURCE_DIR "/tests/fuzz/corpus/pickle/";

std::string pickle_refusal(const std::string& text) {
  return refusal([&] {
    ByteReader bytes(text);
    const Pickle pickle(bytes);
    (void)StateDict(pickle);
  });
}

/// The tensor "t" of a state_dict, whose one storage holds 0, 1, ... 7 as float32.
std::optional<Tensor> tensor_of(const std::string& text, const Shape& shape) {
  static constexpr std::array<float, 8> storage = {0, 1, 2, 3, 4, 5, 6, 7};
  ByteReader bytes(text);
  const Pickle pickle(bytes);
  return StateDict(pickle).read("t", shape, [](const std::string& key) {
    EXPECT_EQ(key, "0");
    return std::string_view(reinterpret_cast<const char*>(storage.data()), sizeof storage);
  });
}

/// A pickle of {"t": tensor}, by hand from the description of Python's pickletools. Arguments are opcodes.
std::string tensor_pickle(const std::string& offset, const std::string& sizes, const std::string& strides,
                          const std::string& type = "FloatStorage", const std::string& elements = "K\x08") {
  return "\x80\x02}X\x01\0\0\0tctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\n"s + type +
         "\nX\x01\0\0\0"s + "0X\x03\0\0\0cpu"s + elements + "tQ" + offset + sizes + strides + "\x89}tRs.";
}

TEST(StateDict, GathersByStrides) {
  EXPECT_EQ(tensor_of(tensor_pickle("K\x02", "K\x03\x85", "K\x01\x85"), {3})->values, (std::vector<float>{2, 3, 4}));
  const std::string transposed = tensor_pickle("K\x01", "K\x03K\x02\x86", "K\x01K\x03\x86");
  EXPECT_EQ(tensor_of(transposed, {3, 2})->values, (std::vector<float>{1, 4, 2, 5, 3, 6}));
  const std::string repeated = tensor_pickle("K\x07", "K\x02K\x02\x86", "K\0K\0\x86"s);
  EXPECT_EQ(tensor_of(repeated, {2, 2})->values, (std::vector<float>{7, 7, 7, 7}));
  EXPECT_FALSE(tensor_of("\x80\x02}.", {1}));
}

TEST(StateDict, StaysInItsStorage) {
  const auto cause = [](const std::string& text, const Shape& shape) {
    return refusal([&] { (void)tensor_of(text, shape); });
  };
  EXPECT_EQ(cause(tensor_pickle("K\x05", "K\x03\x85", "K\x01\x85"), {3}), "accepted");
  EXPECT_THAT(cause(tensor_pickle("K\x06", "K\x03\x85", "K\x01\x85"), {3}), HasSubstr("leaves its storage"));
  EXPECT_THAT(cause(tensor_pickle("K\x08", "K\x01\x85", "K\x01\x85"), {1}), HasSubstr("leaves its storage"));
  EXPECT_THAT(cause(tensor_pickle("K\0"s, "K\x02\x85", "K\x08\x85"), {2}), HasSubstr("leaves its storage"));
  const std::string huge = "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f";
  EXPECT_THAT(cause(tensor_pickle(huge, "K\x01\x85", "K\x01\x85"), {1}), HasSubstr("leaves its storage"));
  EXPECT_THAT(cause(tensor_pickle("K\x01", "K\x03\x85", huge + "\x85"), {3}), HasSubstr("leaves its storage"));
  EXPECT_THAT(cause(tensor_pickle("K\0"s, "K\x03\x85", "J\xff\xff\xff\xff\x85"), {3}), HasSubstr("no number"));
  EXPECT_THAT(cause(tensor_pickle("K\0"s, "K\x03\x85", "K\x01K\x01\x86"), {3}), HasSubstr("strides"));
  EXPECT_THAT(cause(tensor_pickle("K\0"s, "K\x03\x85", "K\x01\x85", "FloatStorage", "K\x09"), {3}),
              HasSubstr("wrong size"));
  EXPECT_THAT(cause(tensor_pickle("K\0"s, "K\x03\x85", "K\x01\x85", "LongStorage"), {3}), HasSubstr("wrong shape"));
  EXPECT_THAT(cause(tensor_pickle("K\0"s, "K\x03\x85", "K\x01\x85"), {4}), HasSubstr("wrong shape"));
  EXPECT_THAT(cause(tensor_pickle("K\0"s, huge + huge + "\x86", "K\0K\0\x86"s), {3}), HasSubstr("wrong shape"));
}

// What torch wrote: a view of shape [2, 3] with strides [1, 3] of 0 ... 11, and halves 1 and -2.
TEST(StateDict, ReadsWhatTorchWrote) {
  const std::string file = slurp(corpus + "tiny.pth");
  const ZipArchive archive(file);
  ByteReader bytes(archive.read("tiny/data.pkl"));
  const Pickle pickle(bytes);
  const StateDict dict(pickle);
  const auto storage = [&](const std::string& key) { return archive.read("tiny/data/" + key); };
  EXPECT_EQ(dict.read("t", {2, 3}, storage)->values, (std::vector<float>{0, 3, 6, 1, 4, 7}));
  EXPECT_EQ(dict.read("half", {2}, storage)->values, (std::vector<float>{1, -2}));
  EXPECT_EQ(dict.read("0.running_var", {2}, storage)->values, (std::vector<float>{1, 1}));
  EXPECT_THAT(refusal([&] { (void)dict.read("0.num_batches_tracked", {}, storage); }), HasSubstr("wrong shape"));
}

TEST(Pickle, RunsNothing) {
  EXPECT_THAT(pickle_refusal("cos\nsystem\n(X\x04\0\0\0truetR."s), HasSubstr("'os.system'"));
  EXPECT_THAT(pickle_refusal("cbuiltins\neval\n."), HasSubstr("'builtins.eval'"));
  EXPECT_THAT(pickle_refusal("ccollections\nOrderedDict\n(K\x01tR."), HasSubstr("builds no state_dict"));
  EXPECT_THAT(pickle_refusal("ctorch\nFloatStorage\n)R."), HasSubstr("builds no state_dict"));
  EXPECT_THAT(pickle_refusal("}(tR."), HasSubstr("no function"));
  EXPECT_THAT(pickle_refusal("K\x01}b."), HasSubstr("attributes"));
}

TEST(Pickle, NamesTheOpcodeThatItRefuses) {
  // INST, OBJ, NEWOBJ, EXT1, STACK_GLOBAL, PERSID, LONG, FLOAT, INT, STRING, POP, DUP
  for (const unsigned opcode : {0x69U, 0x6fU, 0x81U, 0x82U, 0x93U, 0x50U, 0x4cU, 0x46U, 0x49U, 0x53U, 0x30U, 0x32U}) {
    std::array<char, 8> text = {};
    std::snprintf(text.data(), text.size(), "0x%02x", opcode);
    EXPECT_THAT(pickle_refusal(std::string(1, static_cast<char>(opcode))), HasSubstr(text.data()));
  }
}

TEST(Pickle, RefusesBrokenOnes) {
  EXPECT_THAT(pickle_refusal(""), HasSubstr("too early"));
  EXPECT_THAT(pickle_refusal("X\xff\xff\xff\xff."), HasSubstr("too early"));
  EXPECT_THAT(pickle_refusal("cos"), HasSubstr("too early"));
  EXPECT_THAT(pickle_refusal("."), HasSubstr("stack is empty"));
  EXPECT_THAT(pickle_refusal("K\x01(s."), HasSubstr("stack is empty"));
  EXPECT_THAT(pickle_refusal("t."), HasSubstr("no mark"));
  EXPECT_THAT(pickle_refusal("h\x01."), HasSubstr("never remembered"));
  EXPECT_THAT(pickle_refusal("q\x01."), HasSubstr("nothing to remember"));
  EXPECT_THAT(pickle_refusal("K\x01K\x02."), HasSubstr("left over"));
  EXPECT_THAT(pickle_refusal("(}."), HasSubstr("left over"));
  EXPECT_THAT(pickle_refusal("}(K\x01u."), HasSubstr("without a value"));
  EXPECT_THAT(pickle_refusal("](K\x01u."), HasSubstr("holds none"));
  EXPECT_THAT(pickle_refusal("\x8a\x09" + std::string(9, '\1') + "."), HasSubstr("too large"));
  EXPECT_THAT(pickle_refusal("K\x01."), HasSubstr("no dict"));
  EXPECT_THAT(pickle_refusal("\x80\x04}."), HasSubstr("newer protocol"));
}

TEST(Pickle, SurvivesDepthAndLoops) {
  EXPECT_THAT(pickle_refusal(")" + std::string(1'000'000, '\x85') + "."), HasSubstr("no dict"));
  EXPECT_EQ(pickle_refusal("}q\x01K\x01h\x01s."), "accepted");  // d[1] = d
}

/// A zip archive of stored entries, with a CRC-32 computed bit by bit.
std::string zip_of(const std::vector<std::string>& names, const std::string& data, char method = '\0') {
  const auto number = [](std::uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8U * static_cast<unsigned>(i)));
    return text;
  };
  std::uint32_t sum = 0xffffffff;
  for (const char c : data) {
    sum ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1U) ^ (0xedb88320U & (0U - (sum & 1U)));
  }
  std::string files;
  std::string directory;
  for (const std::string& name : names) {
    const std::string common = number(0, 2) + method + '\0' + number(0, 4) + number(~sum, 4) + number(data.size(), 4) +
                               number(data.size(), 4) + number(name.size(), 2) + number(0, 2);
    directory += "PK\1\2"s + number(0, 4) + common + number(0, 10) + number(files.size(), 4) + name;
    files += "PK\3\4"s + number(0, 2) + common + name + data;
  }
  return files + directory + "PK\5\6"s + number(0, 4) + number(names.size(), 2) + number(names.size(), 2) +
         number(directory.size(), 4) + number(files.size(), 4) + number(0, 2);
}

TEST(Zip, ReadsStoredEntries) {
  const std::string bytes = zip_of({"a", "b/c"}, "123456789");
  EXPECT_TRUE(bytes.find("\x26\x39\xf4\xcb") != std::string::npos) << "CRC-32 of 123456789 is cbf43926";
  const ZipArchive archive(bytes);
  EXPECT_EQ(archive.read("b/c"), "123456789");
  EXPECT_TRUE(archive.contains("a"));
  EXPECT_THAT(refusal([&] { (void)archive.read("c"); }), HasSubstr("lacks 'c'"));
}

TEST(Zip, RefusesWhatItCannotTrust) {
  const auto cause = [](std::string bytes) { return refusal([&] { (void)ZipArchive(bytes).read("a"); }); };
  const std::string sound = zip_of({"a"}, "123456789");
  EXPECT_EQ(cause(sound), "accepted");
  EXPECT_THAT(cause(zip_of({"a"}, "123456789", '\x08')), HasSubstr("compressed"));
  EXPECT_THAT(cause(zip_of({"a", "a"}, "1")), HasSubstr("twice"));
  for (std::size_t size = 0; size < sound.size(); ++size) EXPECT_NE(cause(sound.substr(0, size)), "accepted") << size;
  const auto edited = [&](std::size_t from_end, const std::string& with) {
    std::string bytes = sound;
    return bytes.replace(bytes.size() - from_end, with.size(), with);
  };
  EXPECT_THAT(cause(edited(6, "\xff\xff\xff\x7f")), HasSubstr("too early"));         // directory's place
  EXPECT_THAT(cause(edited(6, "\xff\xff\xff\xff")), HasSubstr("too large"));         // ZIP64
  EXPECT_THAT(cause(edited(12, "\xff\x7f")), HasSubstr("broken directory"));         // number of entries
  EXPECT_THAT(cause(edited(22 + 27, "\xff\xff\xff\xff")), HasSubstr("compressed"));  // size
  EXPECT_THAT(cause(edited(22 + 5, "\x01")), HasSubstr("broken entry"));             // place of the entry
  std::string flipped = sound;
  flipped[flipped.find('5')] ^= 1;
  EXPECT_THAT(cause(flipped), HasSubstr("damaged"));
}

TEST(TorchFile, OtherArchivesAreRefused) {
  const auto cause = [](const std::string& bytes) { return refusal([&] { (void)read_torch_file(bytes); }); };
  EXPECT_THAT(cause(zip_of({"a"}, "x")), HasSubstr("not of torch.save"));
  EXPECT_THAT(cause(zip_of({"m/data.pkl", "m/constants.pkl"}, "x")), HasSubstr("TorchScript"));
  EXPECT_THAT(cause(zip_of({"m/data.pkl", "m/byteorder"}, "big")), HasSubstr("big-endian"));
  EXPECT_THAT(cause(zip_of({"m/data.pkl"}, "}.")), HasSubstr("no tensor 'Conv2d_1a_3x3.conv.weight'"));
  EXPECT_THAT(cause(zip_of({"m/data.pkl"}, "cos\nsystem\n.")), HasSubstr("os.system"));
  EXPECT_THAT(cause(zip_of({"m/data.pkl"}, std::string(5'000'000, 'N'))), HasSubstr("beyond reason"));
}

// The old format as torch wrote it, cut everywhere.
TEST(TorchFile, OldFilesAreReadUntilTheyEnd) {
  const std::string old = slurp(corpus + "old.pth");
  ASSERT_TRUE(looks_like_torch_file(old));
  const auto cause = [](const std::string& bytes) { return refusal([&] { (void)read_torch_file(bytes); }); };
  EXPECT_THAT(cause(old), HasSubstr("no tensor 'Conv2d_1a_3x3.conv.weight'"));
  EXPECT_THAT(cause(old.substr(0, old.size() - 1)), HasSubstr("too early"));
  for (std::size_t size = 15; size < old.size(); ++size)
    EXPECT_THAT(cause(old.substr(0, size)), HasSubstr("too early"));
}

TEST(TorchFile, AHalfNetworkNamesWhatItLacks) {
  EXPECT_THAT(refusal([] { (void)read_torch_file(slurp(corpus + "first.pth")); }),
              HasSubstr("Conv2d_1a_3x3.bn.weight"));
}

}  // namespace
}  // namespace pool3::weights
