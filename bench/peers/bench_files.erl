%% Plain files; all but the appends go through Erlang's own file server. The orders are those of bench/guests/driver/files.cpp.
-module(bench_files).
-export([orders/0, carry_out/3]).

orders() -> ["write-files", "read-files", "append-files"].

carry_out(Name, [Count, Size], State) ->
    Folder = string:trim(os:cmd("mktemp -d")),
    Path = filename:join(Folder, "file"),
    Content = bench_messages:body(Size),
    ok = file:write_file(Path, Content),
    Answer = bench_messages:timed(fun() -> work(Name, Path, Content, Count) end),
    ok = file:delete(Path),
    ok = file:del_dir(Folder),
    {Answer, State}.

work("append-files", Path, Content, Count) ->
    {ok, File} = file:open(Path, [append, raw, binary]),
    times(Count, fun() -> ok = file:write(File, Content) end),
    ok = file:close(File);
%% As a whole, as the vfs does: who reads meanwhile sees the old or the new.
work("write-files", Path, Content, Count) ->
    times(Count, fun() ->
        ok = file:write_file(Path ++ ".new", Content),
        ok = file:rename(Path ++ ".new", Path)
    end);
work("read-files", Path, Content, Count) ->
    times(Count, fun() -> {ok, Content} = file:read_file(Path) end).

times(0, _) -> ok;
times(Count, Work) ->
    Work(),
    times(Count - 1, Work).
