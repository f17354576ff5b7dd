result = {berths: context.berths.length};
