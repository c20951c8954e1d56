%% Processes that crash, and that never end; the orders are those of bench/guests/driver/lives.cpp.
-module(bench_lives).
-behaviour(supervisor).
-export([orders/0, carry_out/3, init/1, start_crasher/2]).

orders() -> ["make-crashers", "storm", "hogs"].

carry_out("make-crashers", [Count], State) ->
    case State of
        #{supervisor := Old} ->
            unlink(Old),
            exit(Old, shutdown);
        _ ->
            ok
    end,
    logger:set_primary_config(level, none),
    {ok, Supervisor} = supervisor:start_link(?MODULE, {self(), Count}),
    {[], State#{supervisor => Supervisor, crashers => gather(Count)}};
carry_out("storm", [], State = #{crashers := Crashers}) ->
    Begin = erlang:monotonic_time(nanosecond),
    [Crasher ! crash || Crasher <- Crashers],
    Next = gather(length(Crashers)),
    [Crasher ! {ask, self()} || Crasher <- Next],
    [receive alive -> ok end || _ <- Next],
    {[erlang:monotonic_time(nanosecond) - Begin], State#{crashers => Next}};
carry_out("hogs", [Count, Kind], State) ->
    [hog(Kind) || _ <- lists:seq(1, Count)],
    {[], State}.

%% The processes that the supervisor started, as they tell.
gather(Count) -> [receive {up, Crasher} -> Crasher end || _ <- lists:seq(1, Count)].

init({Owner, Count}) ->
    Child = fun(Id) ->
        #{id => Id, start => {?MODULE, start_crasher, [Owner, Id]}, restart => permanent, shutdown => brutal_kill}
    end,
    {ok, {#{strategy => one_for_one, intensity => 1000000, period => 1}, [Child(Id) || Id <- lists:seq(1, Count)]}}.

start_crasher(Owner, _) ->
    Crasher = spawn_link(fun crasher/0),
    Owner ! {up, Crasher},
    {ok, Crasher}.

crasher() ->
    receive
        crash -> exit(told_to_crash);
        {ask, From} -> From ! alive
    end,
    crasher().

hog(mute) ->
    spawn(fun loop/0);
hog(talk) ->
    Hog = spawn(fun() ->
        answer(1000),
        loop()
    end),
    bench_messages:round_trips(Hog, 1000, bench_messages:body(100)).

answer(0) ->
    ok;
answer(Count) ->
    receive
        {request, From, Reference, Body} -> From ! {response, Reference, Body}
    end,
    answer(Count - 1).

loop() -> loop().
