-- Opens a broken capability file in Neovim, set up as docs/editors.md has it, and wants its
-- problem shown where it is. Run by .ci/run: nvim --headless --clean -c 'luafile .ci/nvim/check.lua'
local function config()
  local page = table.concat(vim.fn.readfile('docs/editors.md'), '\n')
  local blocks = {}
  for block in page:gmatch('```lua\n(.-)```') do
    table.insert(blocks, block)
  end
  return assert(blocks[vim.fn.has('nvim-0.11') == 1 and 1 or 2], 'docs/editors.md has no lua')
end

local function check()
  local file = vim.fn.tempname() .. '.yaml'
  vim.fn.writefile({ 'name: Moor', 'specification: Naftiko Capability Composition', 'stps: []' }, file)
  assert((loadstring or load)(config()))()
  vim.cmd('filetype on')
  vim.cmd('edit ' .. file)
  local shown
  vim.wait(30000, function()
    for _, d in ipairs(vim.diagnostic.get(0)) do
      if d.message:find('unknown key "stps"', 1, true) then
        shown = d
      end
    end
    return shown ~= nil
  end, 50)
  assert(shown, 'no problem is shown: ' .. vim.inspect(vim.diagnostic.get(0)))
  assert(shown.lnum == 2 and shown.col == 0, 'the problem is shown elsewhere: ' .. vim.inspect(shown))
  print(('%s %s: line %d: %s'):format('neovim', tostring(vim.fn.matchstr(vim.fn.execute('version'), 'v[0-9.]*')), shown.lnum + 1, shown.message:match('[^\n]*')))
end

local ok, problem = pcall(check)
if not ok then
  print(problem)
  vim.cmd('cquit')
end
vim.cmd('qall!')
