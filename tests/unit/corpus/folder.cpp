#include "corpus/sources/folder.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "corpus/sources/linked_folders.hpp"
#include "unit/corpus/fixtures.hpp"

namespace pool3 {
namespace {

using test::listed;
using test::listing_error;
using test::paths_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class Folder : public test::CorpusTest {};

TEST_F(Folder, TakesPicturesInByteOrder) {
  for (const char* name : {"b/2.png", "b/10.PNG", "a/x.jpeg", "a.jpg", "b.JPG", "a/notes.txt", "png", "a/.hidden.gif",
                           "a-b/c.tiff", "Z.webp", "a/jpg"}) {
    write(name);
  }
  EXPECT_THAT(paths_of(listed(folder)),
              ElementsAre("Z.webp", "a-b/c.tiff", "a.jpg", "a/x.jpeg", "b.JPG", "b/10.PNG", "b/2.png"));
}

TEST_F(Folder, TakesEveryEndingOfWhatIsRead) {
  const std::vector<std::string> names = {"a.JFIF", "b.jpe", "c.jif", "d.pjpeg", "e.pjp", "f.apng", "g.dib",
                                          "h.jpeg", "i.TIF", "j.ppm", "k.pgm",   "l.pbm", "m.pnm"};
  for (const std::string& name : names) write(name);
  const Manifest manifest = listed(folder);
  EXPECT_EQ(paths_of(manifest), names);
  EXPECT_TRUE(std::ranges::none_of(manifest.notes, [](const auto& note) { return note.starts_with("left out"); }));
}

TEST_F(Folder, LeavesOutWhatSystemsAndEditorsLeaveThere) {
  for (const char* name :
       {"cats/1.jpg", "cats/.ipynb_checkpoints/1-checkpoint.jpg", ".Trash-0/2.jpg", "__MACOSX/cats/._1.jpg",
        "@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg", "lost+found/3.jpg", "System Volume Information/4.png",
        "$RECYCLE.BIN/5.jpg", "cats/._1.jpg", "cats/.2.jpg.swp", "cats/Thumbs.db", "#recycle/6.jpg"}) {
    write(name);
  }
  const Manifest manifest = listed(folder);
  EXPECT_THAT(paths_of(manifest), ElementsAre("cats/1.jpg"));
  EXPECT_THAT(manifest.classes, ElementsAre("cats"));
  ASSERT_EQ(manifest.notes.size(), 2U);  // the other: a single class
  EXPECT_THAT(manifest.notes[0], HasSubstr("left out: 3 hidden or system files, 8 hidden or system folders (#recycle, "
                                           "$RECYCLE.BIN, .Trash-0, .ipynb_checkpoints, "));
}

TEST_F(Folder, CountsTheRestByEnding) {
  for (const char* name : {"1.jpg", "2.heic", "a/3.HEIC", "4.avif", "README", "5.txt", "a.b/noending"}) write(name);
  link("a", "linked");
  ASSERT_EQ(::mkfifo((folder / "pipe.png").c_str(), 0600), 0);
  const Manifest manifest = listed(folder, "none");
  EXPECT_THAT(paths_of(manifest), ElementsAre("1.jpg"));
  EXPECT_THAT(
      manifest.notes,
      ElementsAre(
          "left out: 3 pictures in a format that is not read, HEIC (.heic 3); to make one of it that is: heif-convert "
          "A.heic A.jpg",
          "left out: 1 picture in a format that is not read, AVIF (.avif 1); to make one of it that is: avifdec A.avif "
          "A.png",
          "left out: 3 files that are no pictures by name (no ending 2, .txt 1), 1 that is no regular file"));
  fs::remove(folder / "1.jpg");
  const auto error = test::listing_error(folder);
  EXPECT_THAT(error.cause, HasSubstr("heif-convert"));
}

TEST_F(Folder, ALostAndFoundThatCantBeReadIsNoError) {
  write("1.jpg");
  write("lost+found/x");
  fs::permissions(folder / "lost+found", fs::perms::none);  // root may read it, and doesn't try
  EXPECT_THAT(paths_of(listed(folder)), ElementsAre("1.jpg"));
  fs::permissions(folder / "lost+found", fs::perms::owner_all);
}

TEST_F(Folder, OneThatGoesAwayMeanwhileIsNotTheEnd) {
  write("first.jpg");
  write("gone/a.jpg");
  write("stays/b.jpg");
  const Communicator comm = Communicator::world();
  std::vector<std::string> found;
  const auto use = [&](std::string_view path, corpus::FolderItem::Kind) {
    found.emplace_back(path);
    fs::remove_all(folder / "gone");  // the walk knows of it, and has not been there
  };
  EXPECT_EQ(corpus::list_folder(comm, folder.string(), use).text(), "left out: 1 folder that went away meanwhile");
  EXPECT_THAT(found, ElementsAre("first.jpg", "stays/b.jpg"));
  EXPECT_THROW((void)corpus::list_folder(comm, (folder / "gone").string(), use), Error) << "what was asked for";
}

TEST_F(Folder, LinkedOnesThatGoAwayMeanwhileAreNotTheEnd) {
  write("real/x/a.jpg");
  write("real/y/b.jpg");
  fs::create_directory_symlink(folder / "real", folder / "link");
  std::vector<std::string> found;
  const auto use = [&](std::string_view path, corpus::FolderItem::Kind) {
    found.emplace_back(path);
    fs::remove_all(folder / "real" / "y");
  };
  EXPECT_EQ(corpus::list_linked_folders(folder.string(), {"link"}, use).text(),
            "left out: 1 folder that went away meanwhile");
  EXPECT_THAT(found, ElementsAre("link/x/a.jpg"));
}

TEST_F(Folder, GivesSizesRootAndLabels) {
  write("cats/1.jpg", "12345");
  write("cats/old/2.jpg", "");
  write("dogs/1.jpg", "1");
  write("loose.jpg", "12");
  const Manifest manifest = listed(folder / "cats" / "..");
  EXPECT_EQ(manifest.root, folder.string());
  EXPECT_THAT(manifest.bytes, ElementsAre(5, 0, 1, 2));
  EXPECT_THAT(manifest.classes, ElementsAre("cats", "dogs"));
  EXPECT_THAT(manifest.labels, ElementsAre(0, 0, 1, -1));
  EXPECT_EQ(full_path(manifest.root, manifest.paths[1]), (folder / "cats/old/2.jpg").string());
}

TEST_F(Folder, FollowsSymlinksToFilesAsEntriesOfTheirOwn) {
  write("a/real.jpg", "123");
  link("real.jpg", "a/same.jpg");
  link((folder / "a/real.jpg").string(), "b/far.jpg");
  const Manifest manifest = listed(folder);
  EXPECT_THAT(paths_of(manifest), ElementsAre("a/real.jpg", "a/same.jpg", "b/far.jpg"));
  EXPECT_THAT(manifest.bytes, ElementsAre(3, 3, 3));
}

TEST_F(Folder, KeepsDanglingSymlinksAsRowsWithoutSize) {
  link("nowhere.jpg", "gone.jpg");
  link("loop.png", "loop.png");
  link("nowhere", "not a picture");
  write("here.jpg");
  const Manifest manifest = listed(folder);
  EXPECT_THAT(paths_of(manifest), ElementsAre("gone.jpg", "here.jpg", "loop.png"));
  EXPECT_THAT(manifest.bytes, ElementsAre(-1, 1, -1));
}

TEST_F(Folder, EndsLoops) {
  write("a/b/1.jpg");
  link("..", "a/b/up");
  link(".", "a/self");
  link(folder.string(), "a/b/root");
  EXPECT_THAT(paths_of(listed(folder)), ElementsAre("a/b/1.jpg"));
}

TEST_F(Folder, VisitsASymlinkedFolderOnceByTheFirstWay) {
  write("outside/1.jpg");
  write("in/real/2.jpg");
  link("../outside", "in/y");
  link("../outside", "in/x");
  link("real", "in/z");
  EXPECT_THAT(paths_of(listed(folder / "in")), ElementsAre("real/2.jpg", "x/1.jpg", "z/2.jpg"));
}

TEST_F(Folder, ATreeOfSymlinksDoesNotGrowWithoutBound) {
  write("d30/1.jpg");
  const auto level = [this](int i) { return folder / std::string("d").append(std::to_string(i)); };
  for (int i = 0; i < 30; ++i) {  // 2^30 ways lead to the picture
    link(level(i + 1).string(), (level(i) / "left").string());
    link(level(i + 1).string(), (level(i) / "right").string());
  }
  EXPECT_LE(listed(folder).size(), 31);
}

TEST_F(Folder, TakesOddNames) {
  const std::vector<std::string> names = {" lead.jpg", "new\nline.jpg", "quote\"'.jpg",
                                          "tab\t.jpg", "\xC3\xA9.jpg",  "\xFF\xFE.jpg"};
  for (const std::string& name : names) write(name);
  EXPECT_EQ(paths_of(listed(folder)), names);
}

TEST_F(Folder, SkipsWhatIsNoFile) {
  write("1.jpg");
  ASSERT_EQ(::mkfifo((folder / "pipe.jpg").c_str(), 0600), 0);
  write("folder.jpg/2.jpg");
  EXPECT_THAT(paths_of(listed(folder)), ElementsAre("1.jpg", "folder.jpg/2.jpg"));
}

TEST_F(Folder, GoesDeep) {
  std::string name;
  for (int i = 0; i < 300; ++i) name += "d/";
  write(name + "1.jpg");
  EXPECT_THAT(paths_of(listed(folder)), ElementsAre(name + "1.jpg"));
}

TEST_F(Folder, ATreeDeeperThanPathsMayBeIsAnError) {
  fs::path start = fs::current_path();
  fs::current_path(folder);
  const std::string name(200, 'd');
  for (int i = 0; i < 25; ++i) {
    fs::create_directory(name);
    fs::current_path(name);
  }
  fs::current_path(start);
  EXPECT_THAT(listing_error(folder).cause, HasSubstr("too long"));
}

TEST_F(Folder, AnUnreadableFolderIsAnError) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every folder";
  write("a/1.jpg");
  write("b/2.jpg");
  fs::permissions(folder / "b", fs::perms::none);
  const auto error = listing_error(folder);
  fs::permissions(folder / "b", fs::perms::owner_all);
  EXPECT_EQ(error.code, ExitCode::failed);
  EXPECT_EQ(error.path, (folder / "b/").string());
  EXPECT_THAT(error.cause, HasSubstr("denied"));
}

TEST_F(Folder, AMissingCorpusIsAnError) {
  const auto missing = listing_error(folder / "missing");
  EXPECT_EQ(missing.code, ExitCode::failed);
  EXPECT_EQ(missing.path, (folder / "missing").string());
  EXPECT_THAT(missing.cause, HasSubstr("No such file"));
  write("file");
  EXPECT_THAT(listing_error(folder / "file" / "under").cause, HasSubstr("Not a directory"));
  EXPECT_THAT(listing_error("/dev/null").cause, HasSubstr("neither a folder nor a regular file"));
}

TEST_F(Folder, NoPicturesIsAnErrorWithAdvice) {
  write("notes.txt");
  const auto error = listing_error(folder);
  EXPECT_EQ(error.code, ExitCode::failed);
  EXPECT_EQ(error.cause, "no pictures found; left out: 1 file that is no picture by name (.txt 1)");
  EXPECT_THAT(error.advice, HasSubstr(".jpeg"));
}

TEST_F(Folder, ATableBesidePicturesIsSaid) {
  write("1.jpg");
  write("metadata.csv", "file_name,label\n1.jpg,x\n");
  EXPECT_THAT(listed(folder, "auto").notes, testing::Contains(HasSubstr("a .csv file is beside them")));
  write("x/2.jpg");
  EXPECT_THAT(listed(folder, "auto").notes, testing::Not(testing::Contains(HasSubstr("a .csv file is beside them"))));
}

TEST_F(Folder, HasNoLabelColumn) {
  write("1.jpg");
  EXPECT_EQ(listing_error(folder, "column").code, ExitCode::usage);
}

TEST_F(Folder, TheHashSeesPathsSizesAndLabels) {
  write("a/1.jpg", "12");
  write("b/2.jpg", "3");
  const std::string hash = listed(folder).hash;
  EXPECT_EQ(hash.size(), 32U);
  EXPECT_EQ(listed(folder).hash, hash);
  EXPECT_NE(listed(folder, "none").hash, hash);
  write("b/2.jpg", "34");
  const std::string other_size = listed(folder).hash;
  EXPECT_NE(other_size, hash);
  fs::rename(folder / "b/2.jpg", folder / "b/3.jpg");
  EXPECT_NE(listed(folder).hash, other_size);
}

}  // namespace
}  // namespace pool3
