#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <stdexcept>

#include "corpus/shards/shards.hpp"
#include "corpus/shards/tar_index.hpp"
#include "corpus/shards/unpacked_pictures.hpp"
#include "support/tar_bytes.hpp"
#include "unit/corpus/fixtures.hpp"

namespace pool3 {
namespace {

using test::labels_of;
using test::listed;
using test::listing_error;
using test::paths_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;
using test::tar_end;
using test::tar_member;

class Tar : public test::CorpusTest {
 protected:
  [[nodiscard]] std::string read(const std::string& path, const EntryLimits& limits = {}) const {
    try {
      const auto bytes = EntryReader(folder.string(), limits).read(path);
      return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    } catch (const ReadError& error) {
      return std::string("ReadError: ") + error.what();
    }
  }
};

TEST_F(Tar, PicturesWithTheirPlaces) {
  const std::string tar = tar_member("./b.jpg", "bbbb") + tar_member("cats/", "", '5') +
                          tar_member("cats/a.PNG", std::string(700, 'a')) + tar_member("notes.md", "no") + tar_end();
  const corpus::TarIndex index = corpus::index_tar("t.tar", tar);
  ASSERT_EQ(index.size(), 2);
  EXPECT_EQ(index.names[0], "b.jpg");
  EXPECT_EQ(index.names[1], "cats/a.PNG");
  EXPECT_THAT(index.offsets, ElementsAre(512, 512 + 512 + 512 + 512));
  EXPECT_THAT(index.bytes, ElementsAre(4, 700));
  EXPECT_EQ(index.find("cats/a.PNG"), 1);
  EXPECT_EQ(index.find("cats"), -1);
  EXPECT_EQ(index.damage, "");
}

TEST_F(Tar, OnlyThePicturesOfACompressedOneAreUnpacked) {
  const std::string junk(4 << 20, 'j');
  const std::string tar = tar_member("a.bin", junk) + tar_member("b.jpg", "bbbb") + tar_member("c.json", junk) +
                          tar_member("d.jpg", std::string(700, 'd')) + tar_member("e.jpg", "", '1', "b.jpg") +
                          tar_member("f.jpg", junk) + tar_member("g.jpg", "g") + tar_end();
  write("s.tar.gz", test::gzip(tar));
  EXPECT_EQ(paths_of(listed(folder / "s.tar.gz")).size(), 5U);
  const EntryLimits small{.shard_bytes = 1000};
  EXPECT_EQ(read("s.tar.gz/b.jpg", small), "bbbb");
  EXPECT_EQ(read("s.tar.gz/d.jpg", small), std::string(700, 'd'));
  EXPECT_EQ(read("s.tar.gz/e.jpg", small), "bbbb");
  EXPECT_THAT(read("s.tar.gz/f.jpg", small), HasSubstr("more than 1000 bytes, see --max-shard-gib"));
  EXPECT_THAT(read("s.tar.gz/g.jpg", small), HasSubstr("more than 1000 bytes"));
  // What would be refused anyway takes no space.
  const EntryLimits short_entries{.bytes = 1000, .shard_bytes = 1000};
  EXPECT_EQ(read("s.tar.gz/g.jpg", short_entries), "g");
  EXPECT_THAT(read("s.tar.gz/f.jpg", short_entries), HasSubstr("a file of 4194304 bytes"));
  EXPECT_EQ(read("s.tar.gz/f.jpg"), junk);
}

TEST_F(Tar, WhatACompressedOneMayTake) {
  constexpr std::int64_t gib = std::int64_t{1} << 30;
  EXPECT_EQ(corpus::most_unpacked_bytes(730'000, {}), 4 * gib);
  EXPECT_EQ(corpus::most_unpacked_bytes(100 * gib, {}), 1600 * gib);
  EXPECT_EQ(corpus::most_unpacked_bytes(100 * gib, {.shard_bytes = gib}), gib);
}

TEST_F(Tar, LargeEntriesAreLookedAtBeforeTheyAreRead) {
  const std::string zeros(17 << 20, '\0');
  const std::string tar = tar_member("a.jpg", zeros) + tar_member("b.jpg", "PIC" + zeros) + tar_end();
  write("s.tar", tar);
  write("s.tar.gz", test::gzip(tar));
  write("a.jpg", zeros);
  write("b.jpg", "PIC" + zeros);
  struct NoPicture : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  std::size_t longest = 0;
  const EntryLimits limits{.check_head = [&](std::span<const std::byte> head) {
    longest = std::max(longest, head.size());
    if (head[0] != std::byte{'P'}) throw NoPicture("no picture");
  }};
  for (const char* place : {"", "s.tar/", "s.tar.gz/"}) {
    EXPECT_THROW((void)read(std::string(place) + "a.jpg", limits), NoPicture) << place;
    EXPECT_EQ(read(std::string(place) + "b.jpg", limits), "PIC" + zeros) << place;
  }
  EXPECT_EQ(longest, 64U);
}

TEST_F(Tar, LabelsOfWebDatasetKeys) {
  const std::string tar = tar_member("x/1.jpg", "1") + tar_member("x/1.txt", "text") + tar_member("x/1.cls", " 7\n") +
                          tar_member("x/2.json", R"({"caption": "c", "class": 12})") + tar_member("x/2.left.png", "2") +
                          tar_member("x/2.txt", "two") + tar_member("x/3.jpg", "3") + tar_member("x/3.json", "{oops") +
                          tar_member("x/3.txt", "a dog\n") + tar_member("x.y/4.jpg", "4") +
                          tar_member("x.txt", "not of x.y/4") + tar_end();
  write("s.tar", tar);
  const Manifest manifest = listed(folder / "s.tar", "column");
  EXPECT_THAT(paths_of(manifest),
              ElementsAre("s.tar/x.y/4.jpg", "s.tar/x/1.jpg", "s.tar/x/2.left.png", "s.tar/x/3.jpg"));
  EXPECT_THAT(labels_of(manifest), ElementsAre("", "7", "12", ""));  // a damaged KEY.json may have had a label
  EXPECT_THAT(labels_of(listed(folder / "s.tar", "directory")), ElementsAre("x.y", "x", "x", "x"));
  EXPECT_THAT(labels_of(listed(folder / "s.tar", "regex:^(s.tar/x)/")),
              ElementsAre("", "s.tar/x", "s.tar/x", "s.tar/x"));
}

TEST_F(Tar, ACaptionIsNoLabelWhereThereIsAnotherLabelFile) {
  const auto label_of_json = [&](const std::string& json) {
    return corpus::index_tar(
        "t.tar", tar_member("1.jpg", "1") + tar_member("1.txt", "a red bus") + tar_member("1.json", json) + tar_end());
  };
  const std::vector<std::pair<std::string, std::string>> labels = {{R"({"label": 3.0})", "3"},
                                                                   {R"({"label": -2})", "-2"},
                                                                   {R"({"label": 0.5})", "0.5"},
                                                                   {R"({"label": true})", "true"},
                                                                   {R"({"label": "x "})", "x"},
                                                                   {R"({"label": ["a", "b"]})", ""},
                                                                   {R"({"label": {"a": 1}})", ""},
                                                                   {R"({"label": null})", ""},
                                                                   {R"({"label": null, "class": "y"})", "y"},
                                                                   {R"({"label)", ""},
                                                                   {R"({"caption": "c"})", "a red bus"},
                                                                   {"[1]", "a red bus"}};
  for (const auto& [json, label] : labels) {
    const corpus::TarIndex index = label_of_json(json);
    EXPECT_EQ(index.labels[0], label) << json;
    EXPECT_EQ(index.unclear_labels, label.empty() ? 1 : 0) << json;
  }
  const auto index = corpus::index_tar(
      "t.tar", tar_member("1.jpg", "1") + tar_member("1.cls", "\n") + tar_member("1.txt", "a red bus") + tar_end());
  EXPECT_EQ(index.labels[0], "");
}

TEST_F(Tar, WithoutAFolderThePictureHasTheLabelBesideIt) {
  write("s.tar", tar_member("1.jpg", "1") + tar_member("1.cls", "seven") + tar_member("2.jpg", "2") +
                     tar_member("2.json", R"({"label": 8})") + tar_member("3.jpg", "3") +
                     tar_member("3.txt", "a red bus") + tar_member("x/4.jpg", "4") + tar_member("x/4.cls", "nine") +
                     tar_end());
  for (int i = 0; i < 2; ++i) {  // also from the kept index
    const Manifest manifest = listed(folder / "s.tar", "auto");
    EXPECT_THAT(labels_of(manifest), ElementsAre("seven", "8", "", "x"));
    EXPECT_THAT(manifest.notes, testing::Contains(HasSubstr("2 pictures of tar files are in no folder: their labels")));
    EXPECT_THAT(manifest.notes, testing::Contains(HasSubstr("1 pictures of tar files have a .txt file, which may be")));
  }
  EXPECT_THAT(labels_of(listed(folder / "s.tar", "directory")), ElementsAre("", "", "", "x"));
}

TEST_F(Tar, LabelsThatAreNoUtf8AreRefused) {
  write("s.tar", tar_member("a/1.jpg", "1") + tar_member("a/1.cls", "caf\xe9") + tar_end());
  const auto error = listing_error(folder / "s.tar", "column");
  EXPECT_EQ(error.path, (folder / "s.tar/a/1.jpg").string());
  EXPECT_EQ(error.cause, "the label caf\\xe9 is not UTF-8 from its byte 4 (\\xe9) on");
  EXPECT_THAT(labels_of(listed(folder / "s.tar", "auto")), ElementsAre("a"));
}

TEST_F(Tar, EndingsMayBeInUpperCase) {
  write("s.tar", tar_member("1.JPG", "1") + tar_member("1.CLS", "one") + tar_member("2.Jpeg", "2") +
                     tar_member("2.JSON", R"({"label": "two"})") + tar_member("3.jfif", "3") +
                     tar_member("3.TXT", "three") + tar_end());
  EXPECT_THAT(labels_of(listed(folder / "s.tar", "column")), ElementsAre("one", "two", "three"));
}

TEST_F(Tar, LeavesOutWhatSystemsPutThere) {
  write("s.tar", tar_member("a/1.jpg", "1") + tar_member("a/._1.jpg", "m") + tar_member("__MACOSX/a/1.jpg", "m") +
                     tar_member("a/.ipynb_checkpoints/2.jpg", "c") + tar_member("a/3.heic", "h") +
                     tar_member("a/1.npy", "n") + tar_end());
  const Manifest manifest = listed(folder / "s.tar");
  EXPECT_THAT(paths_of(manifest), ElementsAre("s.tar/a/1.jpg"));
  EXPECT_THAT(manifest.notes, testing::Contains("left out: 1 file that is no picture by name (.npy 1), 3 hidden or "
                                                "system files"));
  EXPECT_THAT(manifest.notes, testing::Contains(testing::HasSubstr("not read, HEIC (.heic 1)")));
  EXPECT_EQ(listed(folder / "s.tar").notes, manifest.notes);  // from the kept index
}

TEST_F(Tar, JoinedFilesAreReadToTheEnd) {
  const std::string first = tar_member("a/1.jpg", "1") + tar_end(), second = tar_member("b/2.jpg", "22") + tar_end();
  const Manifest manifest = listed(write("s.tar", first + std::string(7168, '\0') + second));  // as cat joins them
  EXPECT_THAT(paths_of(manifest), ElementsAre("s.tar/a/1.jpg", "s.tar/b/2.jpg"));
  EXPECT_THAT(manifest.bytes, ElementsAre(1, 2));
  EXPECT_EQ(read("s.tar/b/2.jpg"), "22");
  EXPECT_EQ(manifest.damaged_shards, 0);
  EXPECT_EQ(listed(write("t.tar", first + std::string(1024, 'x'))).damaged_shards, 1);  // something else behind it
}

TEST_F(Tar, CountsRepeatsAndNamesThatAreTooLong) {
  const std::string longest(5000, 'x'), pax = fmt::format("{} path={}\n", longest.size() + 11, longest);
  const std::string header = tar_member("PaxHeader", pax, 'x');
  const Manifest manifest = listed(write("s.tar", tar_member("a/1.jpg", "old") + header + tar_member("x.jpg", "1") +
                                                      tar_member("a/1.jpg", "new") + tar_end()));
  EXPECT_THAT(paths_of(manifest), ElementsAre("s.tar/a/1.jpg"));
  EXPECT_EQ(read("s.tar/a/1.jpg"), "new");
  EXPECT_THAT(manifest.notes,
              testing::Contains("left out: 1 that comes again in its tar file, where the last one counts, "
                                "1 whose name is longer than the system allows"));
}

TEST_F(Tar, AShardWithoutItsEndBlockIsDamaged) {
  const std::string good = tar_member("1.jpg", "111") + tar_member("2.jpg", std::string(512, '2'));
  for (const auto& [end, damaged] : {std::pair{std::string(), 1}, {std::string(512, '\0'), 0}, {tar_end(), 0}}) {
    const Manifest manifest = listed(write("s.tar", good + end));
    EXPECT_EQ(manifest.size(), 2);
    EXPECT_EQ(manifest.damaged_shards, damaged) << end.size();
  }
  EXPECT_THAT(listed(write("s.tar", good)).notes[0], HasSubstr("s.tar is damaged after 2 pictures"));
}

TEST_F(Tar, AFolderOfTarFilesIsACorpus) {
  write("d/a.tar", tar_member("x/1.jpg", "1") + tar_end());
  write("d/sub/b.tgz", tar_member("y/2.jpg", "2") + tar_end());
  write("d/notes.txt");
  const Manifest manifest = listed(folder / "d");
  EXPECT_THAT(paths_of(manifest), ElementsAre("a.tar/x/1.jpg", "sub/b.tgz/y/2.jpg"));
  EXPECT_THAT(labels_of(manifest), ElementsAre("x", "y"));
  EXPECT_THAT(paths_of(listed(folder / "d")), ElementsAre("a.tar/x/1.jpg", "sub/b.tgz/y/2.jpg"));  // beside its indices
  write("d/3.jpg");
  const Manifest beside = listed(folder / "d", "none");
  EXPECT_THAT(paths_of(beside), ElementsAre("3.jpg"));
  EXPECT_THAT(beside.notes, ElementsAre(HasSubstr("2 tar files beside pictures")));
}

TEST_F(Tar, ReadsMembersInPlace) {
  write("sub/s.tar", tar_member("a.jpg", "first") + tar_member("d/b.png", std::string(3000, 'b')) +
                         tar_member("a.jpg", "last") + tar_member("e.jpg", "") + tar_end());
  const Manifest manifest = listed(folder / "sub/s.tar");
  EXPECT_EQ(manifest.root, (folder / "sub").string());
  EXPECT_THAT(manifest.bytes, ElementsAre(4, 3000, 0));
  ASSERT_EQ(manifest.shards.size(), 1U);
  EXPECT_EQ(manifest.shards[0].path, "s.tar");
  EXPECT_EQ(manifest.shards[0].images, 3);
  EXPECT_EQ(read("sub/s.tar/a.jpg"), "last");  // as unpacking would leave it
  EXPECT_EQ(read("sub/s.tar/d/b.png"), std::string(3000, 'b'));
  EXPECT_EQ(read("sub/s.tar/e.jpg"), "");
  EXPECT_EQ(read("sub/s.tar/none.jpg"), "ReadError: not in this tar file");
  EXPECT_EQ(read("sub/none.tar/a.jpg"), "ReadError: No such file or directory");
  write("sub/plain", "x");
  EXPECT_EQ(read("sub/plain/a.jpg"), "ReadError: Not a directory");
  EXPECT_EQ(read("sub"), "ReadError: Is a directory");
  ASSERT_EQ(::mkfifo((folder / "pipe.jpg").c_str(), 0600), 0);
  EXPECT_EQ(read("pipe.jpg"), "ReadError: no regular file");  // and does not wait for a writer
  fs::create_symlink("/dev/zero", folder / "endless.jpg");
  EXPECT_EQ(read("endless.jpg"), "ReadError: no regular file");
}

TEST_F(Tar, LinksInTarFiles) {
  write("s.tar", tar_member("a.jpg", "aaa") + tar_member("hard.jpg", "", '1', "a.jpg") +
                     tar_member("soft.jpg", "", '2', "a.jpg") + tar_end());
  EXPECT_THAT(listed(folder / "s.tar").bytes, ElementsAre(3, 3, -1));
  EXPECT_EQ(read("s.tar/hard.jpg"), "aaa");
  EXPECT_THAT(read("s.tar/soft.jpg"), HasSubstr("ReadError: no regular file"));
}

TEST_F(Tar, ADamagedShardGivesWhatComesBefore) {
  const std::string good = tar_member("1.jpg", "111") + tar_member("2.jpg", std::string(5000, '2'));
  write("cut.tar", good.substr(0, good.size() - 2000));
  const Manifest cut = listed(folder / "cut.tar");
  EXPECT_THAT(paths_of(cut), ElementsAre("cut.tar/1.jpg", "cut.tar/2.jpg"));
  ASSERT_EQ(cut.notes.size(), 2U);
  EXPECT_THAT(cut.notes[0], HasSubstr("cut.tar is damaged after 2 pictures"));
  EXPECT_THAT(cut.notes[1], HasSubstr("2 of 2 pictures have no label"));
  EXPECT_EQ(read("cut.tar/1.jpg"), "111");
  EXPECT_EQ(read("cut.tar/2.jpg"), "ReadError: the tar file ends before its end");
  std::string bad = good + tar_member("3.jpg", "333") + tar_end();
  bad[good.size() + 3] ^= 1;  // the third header's checksum does not fit
  write("bad.tar", bad);
  EXPECT_THAT(paths_of(listed(folder / "bad.tar")), ElementsAre("bad.tar/1.jpg", "bad.tar/2.jpg"));
  EXPECT_THAT(read("bad.tar/3.jpg"), HasSubstr("ReadError: not in the readable part of this tar file"));
}

TEST_F(Tar, WhatIsNoTarFileIsAnError) {
  for (const std::string& content : {std::string("no tar file"), std::string(), std::string(600, 'x')}) {
    const auto error = listing_error(write("s.tar", content));
    EXPECT_EQ(error.path, (folder / "s.tar").string());
    EXPECT_THAT(error.cause, HasSubstr("not a tar file"));
  }
  EXPECT_THAT(listing_error(folder / "none.tar").cause, HasSubstr("No such file"));
  EXPECT_EQ(listing_error(write("s.tar", tar_end())).cause, "no pictures found");
}

TEST_F(Tar, TheIndexIsKeptWhileTheShardIsTheSame) {
  const fs::path shard = write("s.tar", tar_member("1.jpg", "111") + tar_end());
  const fs::path kept = folder / "s.tar.pool3-index";
  EXPECT_EQ(listed(shard).size(), 1);
  ASSERT_TRUE(fs::exists(kept));
  // Proof that it is used: with the size and time of before, a shard of other content is not looked into.
  const auto time = fs::last_write_time(shard);
  write("s.tar", tar_member("2.jpg", "222") + tar_end());
  fs::last_write_time(shard, time);
  EXPECT_THAT(paths_of(listed(shard)), ElementsAre("s.tar/1.jpg"));
  fs::last_write_time(shard, time + std::chrono::nanoseconds(1));
  EXPECT_THAT(paths_of(listed(shard)), ElementsAre("s.tar/2.jpg"));
  fs::last_write_time(shard, time);
  EXPECT_THAT(paths_of(listed(shard)), ElementsAre("s.tar/2.jpg"));
}

TEST_F(Tar, ADamagedIndexIsMadeAgain) {
  const fs::path shard = write("s.tar", tar_member("1.jpg", "111") + tar_member("1.cls", "one") + tar_end());
  const fs::path kept = folder / "s.tar.pool3-index";
  static_cast<void>(listed(shard));
  std::ifstream file(kept, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    write("s.tar.pool3-index", damaged);
    EXPECT_THAT(paths_of(listed(shard, "column")), ElementsAre("s.tar/1.jpg"));
    write("s.tar.pool3-index", whole.substr(0, at));
    EXPECT_THAT(labels_of(listed(shard, "column")), ElementsAre("one"));
  }
}

TEST_F(Tar, WorksWithoutAPlaceForTheIndex) {
  const fs::path shard = write("ro/s.tar", tar_member("1.jpg", "111") + tar_end());
  fs::create_directory(folder / "ro/s.tar.pool3-index");  // stops root too, who may write everywhere
  EXPECT_THAT(paths_of(listed(shard)), ElementsAre("s.tar/1.jpg"));
  EXPECT_EQ(read("ro/s.tar/1.jpg"), "111");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "ro"), fs::directory_iterator()), 2);
}

TEST_F(Tar, BracesAndMixes) {
  for (int i = 8; i < 12; ++i) {
    const std::string name = "s-" + std::string(i < 10 ? "0" : "") + std::to_string(i) + ".tar";
    write(name, tar_member("a" + std::to_string(i) + ".jpg", "x") + tar_end());
  }
  write("pics/p.jpg", "12");
  write("t.csv", "pics/p.jpg\nelse.jpg\n");
  EXPECT_THAT(paths_of(listed(folder / "s-1*.tar")), ElementsAre("s-10.tar/a10.jpg", "s-11.tar/a11.jpg"));
  EXPECT_THAT(paths_of(listed(folder / "s-{0?,1[01]}.*")),  // and not the indices beside them
              ElementsAre("s-08.tar/a8.jpg", "s-09.tar/a9.jpg", "s-10.tar/a10.jpg", "s-11.tar/a11.jpg"));
  EXPECT_EQ(listing_error(folder / "t-*.tar").cause, "no file or folder has such a name");
  EXPECT_THAT(paths_of(listed(folder / "s-{08..11}.tar")),
              ElementsAre("s-08.tar/a8.jpg", "s-09.tar/a9.jpg", "s-10.tar/a10.jpg", "s-11.tar/a11.jpg"));
  const std::string at = folder.string() + "/";
  const Manifest mix = listed(CorpusOptions{
      .corpus = {at + "t.csv", at + "pics", at + "s-{08,10}.tar"}, .labels = parse_label_rule("none"), .classes = {}});
  EXPECT_EQ(mix.root, folder.string());
  EXPECT_THAT(paths_of(mix), ElementsAre("else.jpg", "pics/p.jpg", "s-08.tar/a8.jpg", "s-10.tar/a10.jpg"));
}

TEST_F(Tar, AListMayNameMembers) {
  write("s.tar", tar_member("d/1.jpg", "111") + tar_end());
  const Manifest manifest = listed(write("l.txt", "s.tar/d/1.jpg\ns.tar/d/2.jpg\n"));
  EXPECT_THAT(manifest.bytes, ElementsAre(3, -1));
}

}  // namespace
}  // namespace pool3
