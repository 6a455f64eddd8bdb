// A folder that is filled under another name, and removed where that fails.
#include "core/output_folder.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Error(fmt::format("cannot write {}: {}", path, why), ErrorKind::system);
}

// A folder that is there keeps its permissions.
mode_t check_replaceable(const std::string& path, const std::string& target) {
  struct stat found {};
  struct stat other {};
  if (::stat(target.c_str(), &found) != 0) refuse(path, std::strerror(errno));
  if (!S_ISDIR(found.st_mode)) refuse(path, "it is a file; give a new folder");
  std::error_code error;
  const bool empty = fs::is_empty(target, error);
  if (error) refuse(path, error.message());
  if (!empty) refuse(path, "the folder is there already, and not empty; give a new one");
  const auto same = [&] { return found.st_dev == other.st_dev && found.st_ino == other.st_ino; };
  if (::stat(".", &other) == 0 && same()) refuse(path, "it is the folder odot runs in; give a new one inside it");
  const bool parent = ::stat((target + "/..").c_str(), &other) == 0;
  if (parent && (found.st_dev != other.st_dev || same())) {
    refuse(path, "it is where a file system is mounted; give a new folder inside it");
  }
  return found.st_mode & 07777;
}

}  // namespace

OutputFolder::OutputFolder(const std::string& path) : path_(path) {
  std::error_code error;
  target_ = fs::weakly_canonical(path, error).string();
  if (target_.empty()) target_ = path;
  while (target_.size() > 1 && target_.ends_with('/')) target_.pop_back();
  const bool exists = fs::exists(target_, error);
  const mode_t mode = exists ? check_replaceable(path_, target_) : mode_t{0};
  remove_leftovers(target_);
  temporary_ = make_temporary_folder(target_);
  if (temporary_.descriptor < 0) {
    const int cause = errno;
    throw Error(fmt::format("cannot make the folder {}: {}{}", path, std::strerror(cause),
                            exists            ? " (give a new one inside it)"
                            : cause == ENOENT ? " (does the folder that it is in exist?)"
                                              : ""),
                ErrorKind::system);
  }
  if (exists) (void)::fchmod(temporary_.descriptor, mode);
}

OutputFolder::~OutputFolder() {
  files_.clear();
  if (!temporary_.path.empty()) {
    std::error_code ignored;
    fs::remove_all(temporary_.path, ignored);
    forget_temporary(temporary_.path);
  }
  for (const std::string& file : committed_) forget_temporary(file);
  ::close(temporary_.descriptor);
}

std::string OutputFolder::inside(const std::string& name) const { return (fs::path(temporary_.path) / name).string(); }

OutputFile& OutputFolder::add(const std::string& name) {
  names_.push_back(name);
  return files_.emplace_back(inside(name), (fs::path(path_) / name).string());
}

void OutputFolder::commit() {
  for (std::size_t k = 0; k < files_.size(); ++k) {
    remember_temporary(committed_.emplace_back(inside(names_[k])));
    files_[k].commit();
  }
  if (std::rename(temporary_.path.c_str(), target_.c_str()) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST) refuse(path_, "the folder has been filled meanwhile; give a new one");
    refuse(path_, std::strerror(errno));
  }
  forget_temporary(temporary_.path);
  temporary_.path.clear();
  sync_folder_of(target_);
}

}  // namespace odot::inline ODOT_PRECISION
