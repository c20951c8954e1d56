%% Many processes; the orders are those of bench/guests/driver/crowds.cpp.
-module(bench_crowds).
-export([orders/0, carry_out/3]).

orders() -> ["stand", "start", "end", "make-pairs", "pairs", "make-senders", "fan-in"].

carry_out("stand", [Count], State) ->
    repeat(Count, fun() -> spawn(fun idle/0) end),
    {[], State};
carry_out("start", [Count], State) ->
    Begin = erlang:monotonic_time(nanosecond),
    Started = [start() || _ <- lists:seq(1, Count)],
    {[erlang:monotonic_time(nanosecond) - Begin, Count], State#{started => Started}};
carry_out("end", [], State) ->
    [finish(Echo) || Echo <- maps:get(started, State)],
    {[], maps:remove(started, State)};
carry_out("make-pairs", [Count], State) ->
    Pairs = [{spawn(fun client/0), spawn(fun bench_messages:echo/0)} || _ <- lists:seq(1, Count)],
    {[], State#{pairs => Pairs}};
carry_out("pairs", [Count, Size], State) ->
    {Nanoseconds, _} = tell_all(maps:get(pairs, State), {round_trips, Count, bench_messages:body(Size)}),
    {[Nanoseconds], State};
carry_out("make-senders", [Count], State) ->
    Sink = spawn(fun() -> bench_messages:sink(0) end),
    {[], State#{senders => [{spawn(fun client/0), Sink} || _ <- lists:seq(1, Count)]}};
carry_out("fan-in", [Count, Size], State) ->
    Senders = maps:get(senders, State),
    {Nanoseconds, Received} = tell_all(Senders, {flood, Count, bench_messages:body(Size)}),
    Received = Count * length(Senders),
    {[Nanoseconds], State}.

repeat(0, _) ->
    ok;
repeat(Count, Do) ->
    Do(),
    repeat(Count - 1, Do).

idle() ->
    receive
        _ -> idle()
    end.

start() ->
    Echo = spawn(fun bench_messages:echo/0),
    bench_messages:round_trips(Echo, 1, <<"?">>),
    Echo.

finish(Echo) ->
    Reference = make_ref(),
    Echo ! {finish, self(), Reference},
    receive
        {response, Reference, ok} -> ok
    end.

client() ->
    receive
        {round_trips, From, Target, Count, Body} ->
            bench_messages:round_trips(Target, Count, Body),
            From ! {done, 0};
        {flood, From, Target, Count, Body} ->
            From ! {done, bench_messages:flood(Target, Count, Body)}
    end,
    client().

%% Gives the order to every client at once; the time until all are done, and the sum of their answers.
tell_all(Pairs, {Order, Count, Body}) ->
    Begin = erlang:monotonic_time(nanosecond),
    [Client ! {Order, self(), Target, Count, Body} || {Client, Target} <- Pairs],
    Sum = lists:sum([receive {done, Number} -> Number end || _ <- Pairs]),
    {erlang:monotonic_time(nanosecond) - Begin, Sum}.
