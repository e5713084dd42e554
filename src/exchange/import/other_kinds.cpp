#include "exchange/import/other_kinds.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace pool3::exchange {
namespace {

constexpr OtherKind utf16 = {"UTF-16 text", "save it as UTF-8"};
constexpr OtherKind pickle = {"a pickle of Python, which may run anything when it is read",
                              "save its numbers: np.save(FILE, X), or pandas: read_pickle(FILE).to_csv(FILE.csv)"};
constexpr OtherKind json = {"JSON, and no table",
                            "write it as CSV first, as with pandas: read_json(FILE, lines=True).to_csv(FILE.csv, "
                            "index=False)"};
constexpr OtherKind safetensors = {"a safetensors file",
                                   "write it as .npy first: np.save(FILE, safetensors.numpy.load_file(FILE)[NAME])"};
constexpr OtherKind picture = {"a picture, and no table of numbers", "pool3 extract makes features of pictures"};
constexpr OtherKind spreadsheet = {"a spreadsheet", "save it as CSV"};
constexpr OtherKind arff = {"ARFF of Weka",
                            "write it as CSV first, as with SciPy and pandas: "
                            "DataFrame(scipy.io.arff.loadarff(FILE)[0]).to_csv(FILE.csv, index=False)"};
constexpr OtherKind torch = {"a file of PyTorch", "write it as .npy first: np.save(FILE, torch.load(FILE).numpy())"};

const std::array magics = {
    Magic{"PAR1",
          {"a Parquet file, which pool3 does not read: Debian has no library for it",
           "write it as CSV or .npy first, as with pandas: read_parquet(FILE).to_csv(FILE.csv, index=False)"}},
    Magic{"ARROW1",
          {"a Feather or Arrow file, which pool3 does not read",
           "write it as CSV or .npy first, as with pandas: read_feather(FILE).to_csv(FILE.csv, index=False)"}},
    Magic{"MATLAB 5.0",
          {"a MAT file of MATLAB before 7.3", "save it with -v7.3, or np.save(FILE, scipy.io.loadmat(FILE)[NAME])"}},
    Magic{"\x80\x02", pickle},
    Magic{"\x80\x03", pickle},
    Magic{"\x80\x04", pickle},
    Magic{"\x80\x05", pickle},
    Magic{"\xFF\xFE", utf16},
    Magic{"\xFE\xFF", utf16},
    Magic{"\xFF\xD8\xFF", picture},
    Magic{"\x89PNG", picture},
    Magic{"%%MatrixMarket",
          {"a matrix of Matrix Market",
           "write LIBSVM's text of it: sklearn.datasets.dump_svmlight_file(scipy.io.mmread(FILE), y, FILE.svm)"}},
    Magic{"%PDF-", {"a PDF file", "a table of numbers is wanted: .npy, .npz, HDF5, CSV or LIBSVM's text"}},
};

/// Behind its remarks, which begin with %.
bool starts_as_arff(std::string_view text) {
  while (text.starts_with('%')) text.remove_prefix(std::min(text.size(), text.find('\n') + 1));
  constexpr std::string_view word = "@relation";
  return text.size() > word.size() && std::ranges::equal(text.substr(0, word.size()), word, [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         });
}

}  // namespace

const OtherKind* other_kind(std::string_view beginning) {
  if (const OtherKind* const found = find_magic(magics, beginning)) return found;
  constexpr std::size_t length_bytes = 8;  // of a safetensors file's header
  if (beginning.size() > length_bytes && beginning[length_bytes - 1] == '\0' && beginning[length_bytes] == '{')
    return &safetensors;
  const std::size_t at = beginning.find_first_not_of(" \t\r\n");
  if (at == std::string_view::npos) return nullptr;
  const std::string_view text = beginning.substr(at);
  if (starts_as_arff(text)) return &arff;
  const bool is_json = text[0] == '{' || text.starts_with("[[") || text.starts_with("[{") || text.starts_with("[\"");
  return is_json ? &json : nullptr;
}

const OtherKind* other_zip(std::string_view entry) {
  if (entry == "[Content_Types].xml" || entry == "content.xml") return &spreadsheet;
  return entry.ends_with("data.pkl") ? &torch : nullptr;
}

}  // namespace pool3::exchange
