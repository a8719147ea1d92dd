#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/log/commit_reader.h"
#include "core/log/event_log.h"
#include "core/store/store.h"
#include "core/store/view_layout.h"
#include "projections/stream_versions.h"
#include "projections/view_fold.h"

namespace foldlog {

/// What of the log is folded into which views.
struct fold_options {
  bool stream_table = true;    ///< keep the built-in table of every stream's events
  bool store_records = false;  ///< in it the whole records (Kafka: the log cannot be read by key), else their offsets
  std::size_t cache_bytes = 128U << 20;  ///< rows in memory, all views and partitions together
};

/// Folds one partition into all views of its topic. No thread, no waiting, no log: records go in by offset, changes
/// come out into a batch.
///
///     begin()                   the offset to read from
///     take(record, batch) ...   in offset order
///     write(batch)              what is to be written with it: rows, checkpoints, marks
///     written()                 after the store has the batch
class partition_fold {
 public:
  /// How far one view has come.
  struct view_state {
    const projection* what = nullptr;  ///< null: the stream table
    std::string view;
    view_layout::checkpoint folded;  ///< as it will be written next
    offset_t saved_next{0};          ///< as it is in the store
    offset_t last{INT64_MAX};        ///< nothing beyond it is folded
    bool present = false;            ///< it has a checkpoint in the store
    bool checked = false;            ///< the log still holds what the checkpoint saw
    arbiter check;                   ///< follows the log from there to the checkpoint
    bool done = false;               ///< its limit is reached
    bool halted = false;
    std::string reason;
    std::unique_ptr<view_fold> rows;
  };

  /// Reads the checkpoints. `from` must outlive it. Errors: those of the store; damaged.
  [[nodiscard]] static result<std::unique_ptr<partition_fold>> open(const store& from, const projection_list& all,
                                                                    partition_id id, const topic_partition& at,
                                                                    const fold_options& options,
                                                                    std::size_t cache_bytes);

  partition_fold(const partition_fold&) = delete;
  partition_fold& operator=(const partition_fold&) = delete;

  [[nodiscard]] partition_id id() const { return id_; }
  [[nodiscard]] const topic_partition& at() const { return at_; }
  [[nodiscard]] std::vector<view_state>& views() { return views_; }
  [[nodiscard]] const std::vector<view_state>& views() const { return views_; }

  /// Where reading must begin: at the smallest checkpoint, or before it at the record that shows that the log is still
  /// the one it was made from. Call it once, after the limits (view_state::last) were set.
  [[nodiscard]] offset_t begin();
  /// Where the log ends, as far as is known: a checkpoint beyond it halts its view.
  void check_end(offset_t end);

  /// Error: the store could not be read; everything since written() is to be given up, and the fold opened again.
  [[nodiscard]] result<void> take(const record& next, store_batch& into);
  void write(store_batch& into);
  void written();
  /// What write() ends with: never alone, but by a planted defect.
  void write_checkpoints(store_batch& into) const;

  /// Halts all views that have not folded beyond this offset.
  void halt(offset_t at, std::string_view why);
  [[nodiscard]] bool idle() const;                       ///< every view is halted or has reached its limit
  [[nodiscard]] offset_t next() const { return seen_; }  ///< the record that take() expects
  [[nodiscard]] std::size_t dirty_bytes() const;

 private:
  struct accepted_event {
    offset_t offset = no_offset;
    std::string id;
    version_t version{0};
    std::int64_t time_us = 0;
  };

  partition_fold(partition_id id, const topic_partition& at, const fold_options& options);
  [[nodiscard]] bool wants(const view_state& view, offset_t offset) const;
  void pass_limits(offset_t offset);
  void check_identity(const record& next);
  [[nodiscard]] static offset_t witness(const view_state& view);
  [[nodiscard]] result<void> take_commit(std::span<const record> commit, store_batch& into);
  [[nodiscard]] result<void> check_versions(std::span<const record> commit);
  [[nodiscard]] result<bool> continues_its_stream(const record& event);
  [[nodiscard]] result<bool> stored(const record& event, version_t version) const;
  [[nodiscard]] bool decode(std::span<const record> commit);
  [[nodiscard]] result<void> fold(view_state& view, std::span<const record> commit);
  void add_to_stream_table(view_state& view, std::span<const record> commit, store_batch& into);
  void sync(view_state& view);
  void halt(view_state& view, std::string reason);
  [[nodiscard]] std::string place(offset_t offset) const;

  partition_id id_;
  topic_partition at_;
  fold_options options_;
  std::string domain_;
  std::string category_;
  const store* store_ = nullptr;
  std::vector<view_state> views_;

  commit_reader reader_;
  offset_t seen_{0};           ///< the record that comes next
  offset_t boundary_{0};       ///< everything before it has its verdict, and nothing is open there
  arbiter::state judged_;      ///< the arbiter's state there
  offset_t limit_{INT64_MAX};  ///< the smallest of the views' limits that is not reached yet
  bool unchecked_ = false;     ///< some view is not `checked` yet
  accepted_event last_event_;  ///< before the boundary
  std::size_t unsaved_events_ = 0;
  view_state* stream_table_ = nullptr;
  stream_versions versions_{false};
  std::vector<std::pair<offset_t, std::string>> marks_;
  offset_t last_mark_ = no_offset;

  std::unique_ptr<decoded_events> events_;
  json::parser parser_;
};

}  // namespace foldlog
